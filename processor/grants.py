"""What a part buys: credit, chat tokens, a course, a plan, or nothing by itself (a sale)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from processor import postings
from processor.payment_attempts import Attempt, Report, RequestOnly
from processor.payment_case import Grant, PaymentCase
from processor.payment_parts import Part, payment_id_of
from processor.plan_purchases import add_purchase, add_refunded, move_purchase
from processor.situation import CustomerRecord, Purchase, Situation
from processor.tiers import settle_tier
from schemas.catalog import Product
from schemas.decisions import (
    CourseEnrolled,
    CreditGranted,
    SaleRecorded,
    TokensGranted,
)
from schemas.errors import CatalogError


def problem(part: Part, customer: CustomerRecord | None) -> str | None:
    """Why this part cannot be granted to this customer: nothing to credit, or a course they already have."""
    if part.kind == "credit" and part.amount is None:
        return "amount_unknown"
    if part.kind == "credit" and not part.amount:
        return "amount_zero"
    if part.kind == "course" and customer and part.product and part.product.id in customer.courses:
        return "duplicate_purchase"
    return None


def grant(case: PaymentCase, part: Part, customer_id: str | None, situation: Situation) -> Grant:
    """Append the grant's decisions and return the record of it."""
    amount = part.amount
    customer = situation.customers.get(customer_id or "")
    if part.kind == "sale" or customer is None:
        return _sale(case, part, customer_id, amount, situation)
    if part.kind == "credit":
        return _credit(case, part, customer, amount or 0, situation)
    if part.kind == "tokens":
        return _tokens(case, part, customer, amount, situation)
    if part.kind == "course":
        return _course(case, part, customer, amount, situation)
    return _plan(case, part, customer, amount, situation)


def _credit(
    case: PaymentCase, part: Part, customer: CustomerRecord, amount: int, situation: Situation
) -> Grant:
    tokens = amount * situation.catalog.credit.tokens_per_idr
    situation.say_of(
        customer.customer_id,
        CreditGranted(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            amount_idr=amount,
            tokens=tokens,
            at=_at(case, part, situation),
            late=late(case, part.attempts),
            token_only=_token_only(case, part),
            postings=postings.credited(case.provider, customer.customer_id, amount, tokens),
        ),
    )
    customer.credit_tokens += tokens
    customer.topups += 1
    settle_tier(customer, case.key, "first_topup", situation)
    return Grant(
        kind="credit", customer_id=customer.customer_id, amount_idr=amount, tokens=tokens, product="credit"
    )


def _tokens(
    case: PaymentCase, part: Part, customer: CustomerRecord, amount: int | None, situation: Situation
) -> Grant:
    product = part.product
    if product is None or product.chat_tokens is None:
        raise CatalogError(f"product {part.sold_as} has no chat_tokens")
    chat_tokens = product.chat_tokens * part.quantity
    situation.say_of(
        customer.customer_id,
        TokensGranted(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            product=product.id,
            quantity=part.quantity,
            chat_tokens=chat_tokens,
            amount_idr=amount,
            at=_at(case, part, situation),
            token_only=_token_only(case, part),
            postings=(
                *postings.sold(case.provider, product.id, amount),
                *postings.chat_tokens(customer.customer_id, chat_tokens),
            ),
        ),
    )
    customer.chat_tokens += chat_tokens
    return Grant(
        kind="tokens",
        customer_id=customer.customer_id,
        amount_idr=amount,
        tokens=chat_tokens,
        product=product.id,
    )


def _course(
    case: PaymentCase, part: Part, customer: CustomerRecord, amount: int | None, situation: Situation
) -> Grant:
    course = part.sold_as
    customer.courses[course] = case.key
    situation.say_of(
        customer.customer_id,
        CourseEnrolled(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            course=course,
            order_id=case.payment_key,
            amount_idr=amount,
            at=_at(case, part, situation),
            postings=postings.sold(case.provider, course, amount),
        ),
    )
    return Grant(kind="course", customer_id=customer.customer_id, amount_idr=amount, product=course)


def _plan(
    case: PaymentCase, part: Part, customer: CustomerRecord, amount: int | None, situation: Situation
) -> Grant:
    product = part.product
    if product is None:
        raise CatalogError(f"{part.sold_as} is not in the catalogue")
    _sale(case, part, customer.customer_id, amount, situation)
    purchase = _purchase(case, part, product, situation)
    add_purchase(case, part.key, product.id, purchase, customer, situation)
    return Grant(kind="plan", customer_id=customer.customer_id, amount_idr=amount, product=product.id)


def keep_time(case: PaymentCase, part: Part, situation: Situation) -> None:
    """What a plan's payment bought begins when it was paid, whichever of its facts came first."""
    grant, paid_at = case.grants[part.key], case.paid_at(part.attempts)
    if grant.kind == "plan" and grant.customer_id and paid_at is not None:
        move_purchase(case, part.key, paid_at, grant, situation.customers[grant.customer_id], situation)


def _purchase(case: PaymentCase, part: Part, product: Product, situation: Situation) -> Purchase:
    if product.period is None:
        raise CatalogError(f"product {product.id} has no period")
    return Purchase(
        at=_at(case, part, situation),
        quantity=part.quantity,
        period=product.period,
        grace=product.grace,
        tier=product.tier,
    )


def _sale(
    case: PaymentCase, part: Part, customer_id: str | None, amount: int | None, situation: Situation
) -> Grant:
    situation.say(
        f"customer-{customer_id}" if customer_id else f"case-{case.key}",
        SaleRecorded(
            case=case.key,
            customer_id=customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            product=part.sold_as,
            amount_idr=amount or 0,
            at=_at(case, part, situation),
            postings=postings.sold(case.provider, part.sold_as, amount),
        ),
    )
    limit = situation.catalog.policy(case.provider).confirm_above_idr
    if amount is not None and amount > limit:
        mark_charge(case, part.attempts, customer_id, "vouched", situation)
    return Grant(kind="sale", customer_id=customer_id, amount_idr=amount, product=part.sold_as)


def mark_charge(
    case: PaymentCase,
    attempts: tuple[str, ...],
    customer_id: str | None,
    word: Literal["vouched", "refunded"],
    situation: Situation,
) -> None:
    """Tell the subscription that this payment charged for."""
    customer = situation.customers.get(customer_id or "")
    if customer is None or not case.value("subscription_key"):
        return
    for name in [attempt for attempt in attempts if attempt] or [case.payment_key]:
        if customer.charges.get(name) != word:
            customer.charges[name] = word
            situation.wakes.add(f"charge:{case.provider}:{name}")


def mark_refunded(case: PaymentCase, part: Part, customer_id: str | None, situation: Situation) -> None:
    """The money of a part went back before it could buy anything: tell the subscription it charged for, or the membership of its plan."""
    mark_charge(case, part.attempts, customer_id, "refunded", situation)
    customer = situation.customers.get(customer_id or "")
    if customer is not None and part.kind == "plan" and part.product:
        purchase = _purchase(case, part, part.product, situation)
        add_refunded(case, part.key, part.product.id, purchase, customer, situation)


def late(case: PaymentCase, attempts: tuple[str, ...]) -> bool:
    """Paid after the request or this very attempt had expired or failed: by the provider's clock, else by arrival."""
    ends = [
        attempt.ended
        for key, attempt in case.attempts.items()
        if attempt.ended and (key == RequestOnly or key in attempts)
    ]
    if not ends:
        return False
    paid = [case.attempts[a] for a in attempts if case.attempts[a].succeeded]
    return any(_after(attempt, end) for attempt in paid for end in ends)


def _after(attempt: Attempt, end: Report) -> bool:
    if attempt.timed and end.timed and attempt.paid_at is not None:
        return attempt.paid_at > end.at
    return (attempt.success_position or 0) > end.position


def _token_only(case: PaymentCase, part: Part) -> bool:
    return any(case.attempts[attempt].unproved for attempt in part.attempts)


def _at(case: PaymentCase, part: Part, situation: Situation) -> datetime:
    return case.paid_at(part.attempts) or situation.now
