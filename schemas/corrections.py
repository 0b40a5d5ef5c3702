"""Decisions that put earlier ones right: what was granted turned out never to have been due, or to have been paid at another time.

No refund: the money is still with us. Readers show what was withdrawn no more; the log and the payment's timeline do.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from schemas.decision_model import ValueMoved


class CreditWithdrawn(ValueMoved):
    """A top-up that was never due, by what we learned since. `amount_idr`: all that was granted; `tokens`: what of it was still there or spent.

    `last_top_up_*` is the newest top-up that stays, None when there is none (or when we no longer remember it).
    """

    TYPE: ClassVar[str] = "credit.withdrawn"

    customer_id: str
    provider: str
    payment_id: str
    amount_idr: int
    tokens: int
    reason: str
    at: datetime
    last_top_up_at: datetime | None = None
    last_top_up_idr: int | None = None


class CreditDated(ValueMoved):
    """A top-up was paid at another time (`at`) than we thought. `last_top_up_*` is the newest top-up by now."""

    TYPE: ClassVar[str] = "credit.dated"

    customer_id: str
    provider: str
    payment_id: str
    at: datetime
    last_top_up_at: datetime
    last_top_up_idr: int


class TokensWithdrawn(ValueMoved):
    """A token package that was never due, by what we learned since."""

    TYPE: ClassVar[str] = "tokens.withdrawn"

    customer_id: str
    provider: str
    payment_id: str
    product: str
    chat_tokens: int
    amount_idr: int | None
    reason: str
    at: datetime


class CourseWithdrawn(ValueMoved):
    """A course that was never due, by what we learned since: readers show it no more."""

    TYPE: ClassVar[str] = "course.withdrawn"

    customer_id: str
    provider: str
    payment_id: str
    course: str
    order_id: str
    amount_idr: int | None
    reason: str
    at: datetime


class CourseDated(ValueMoved):
    """A course was paid at another time (`at`), or is known by another id, than we thought. `former_order_id` is how it was known."""

    TYPE: ClassVar[str] = "course.dated"

    customer_id: str
    provider: str
    payment_id: str
    course: str
    order_id: str
    former_order_id: str
    at: datetime


class SaleWithdrawn(ValueMoved):
    """A sale that was never due, by what we learned since."""

    TYPE: ClassVar[str] = "sale.withdrawn"

    customer_id: str | None
    provider: str
    payment_id: str
    product: str
    amount_idr: int
    reason: str
    at: datetime
