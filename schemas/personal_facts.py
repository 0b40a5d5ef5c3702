"""Facts about what we know of a person as such."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from schemas.event_model import EventModel


class CustomerErased(EventModel):
    """A person was forgotten: the keys of what was recorded about them are destroyed, and read models show it no more. Balances and books stay.

    `records` and `held`: payments and held money by the names that read models know them by. `requested_by` and `approved_by` are two persons.
    """

    TYPE: ClassVar[str] = "customer.erased"

    customer_id: str
    erasure_id: str
    requested_by: str
    approved_by: str
    reason: str
    keys_destroyed: int
    bodies_emptied: int
    records: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    at: datetime


PERSONAL_FACTS: tuple[type[EventModel], ...] = (CustomerErased,)
