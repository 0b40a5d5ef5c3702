"""What a part buys: credit, chat tokens, a course, a plan, or nothing by itself (a sale)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from processor.cases.attempts import Attempt, Report, RequestOnly
from processor.cases.parts import Part, payment_id_of
from processor.cases.payment import Grant, PaymentCase
from processor.cases.situation import CustomerRecord, Heir, Purchase, Situation, TopUp
from processor.grants import postings
from processor.grants.plan_purchases import add_purchase, add_refunded, move_purchase
from processor.grants.tiers import settle_tier
from schemas.catalog import Product
from schemas.corrections import CourseDated, CreditDated
from schemas.decisions import CourseEnrolled, CreditGranted, SaleRecorded, TokensGranted
from schemas.errors import CatalogError


def problem(case: PaymentCase, part: Part, customer: CustomerRecord | None) -> str | None:
    """Why this part cannot be granted to this customer: nothing to credit, or a course they already have or that another purchase is to open."""
    if part.kind == "credit" and part.amount is None:
        return "amount_unknown"
    if part.kind == "credit" and not part.amount:
        return "amount_zero"
    if part.kind == "course" and customer and part.product:
        heir = customer.course_heirs.get(part.product.id)
        if part.product.id in customer.courses or (heir is not None and heir.case != case.key):
            return "duplicate_purchase"
    return None


def bid(case: PaymentCase, part: Part, problem: str, customer_id: str | None, situation: Situation) -> None:
    """Of two purchases of a course the one that was paid earlier opens it: a later one that has it is asked to look again."""
    customer = situation.customers.get(customer_id or "")
    if part.kind != "course" or part.problem or customer is None or part.product is None:
        return  # a surplus seat, which is nobody's: it says nothing about the first one
    course, at = part.product.id, _at(case, part, situation)
    holder, since = customer.courses.get(course), customer.course_times.get(course)
    heir = customer.course_heirs.get(course)
    if problem == "duplicate_purchase" and holder and since and (at, case.key) < (since, holder):
        if heir is None or (at, case.key) < (heir.at, heir.case):
            customer.course_heirs[course] = Heir(case.key, at)
            situation.changed.add(customer.customer_id)
        situation.recalls.add(holder)
    elif heir is not None and heir.case == case.key:
        _renounce(customer, course, situation)


def gives_way(case: PaymentCase, part: Part, situation: Situation) -> bool:
    """Whether the course of this part goes to a purchase that was paid earlier. What a person gave goes to nobody."""
    granted = case.grants[part.key]
    customer = situation.customers.get(granted.customer_id or "")
    if granted.kind != "course" or granted.revoked or customer is None:
        return False
    heir = customer.course_heirs.get(granted.product)
    if heir is None:
        return False
    if not case.in_hand and (heir.at, heir.case) < (_at(case, part, situation), case.key):
        return True
    _renounce(customer, granted.product, situation)
    return False


def _renounce(customer: CustomerRecord, course: str, situation: Situation) -> None:
    del customer.course_heirs[course]
    situation.changed.add(customer.customer_id)
    situation.wakes.add(f"course:{customer.customer_id}:{course}")


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
    at = _at(case, part, situation)
    customer.topped_up(TopUp(at, amount))
    settle_tier(customer, case.key, "first_topup", situation)
    return Grant(
        kind="credit",
        customer_id=customer.customer_id,
        amount_idr=amount,
        tokens=tokens,
        product="credit",
        at=at,
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
    course, at, order_id = part.sold_as, _at(case, part, situation), order_id_of(case, part.attempts)
    customer.open_course(course, case.key, at)
    situation.say_of(
        customer.customer_id,
        CourseEnrolled(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            course=course,
            order_id=order_id,
            amount_idr=amount,
            at=at,
            postings=postings.sold(case.provider, course, amount),
        ),
    )
    return Grant(
        kind="course",
        customer_id=customer.customer_id,
        amount_idr=amount,
        product=course,
        at=at,
        order_id=order_id,
    )


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
    """What was granted dates from when it was paid, whichever of its facts came first."""
    grant, paid_at = case.grants[part.key], case.paid_at(part.attempts)
    customer = situation.customers.get(grant.customer_id or "")
    if customer is None or paid_at is None:
        return
    if grant.kind == "plan":
        move_purchase(case, part.key, paid_at, grant, customer, situation)
    elif grant.kind == "course" and grant.order_id:
        _date_course(case, part, grant, paid_at, customer, situation)
    elif grant.kind == "credit" and grant.at is not None and grant.at != paid_at:
        before, grant.at = grant.at, paid_at
        _date_credit(case, part, grant, before, customer, situation)


def _date_credit(
    case: PaymentCase,
    part: Part,
    grant: Grant,
    before: datetime,
    customer: CustomerRecord,
    situation: Situation,
) -> None:
    at, amount = grant.at or before, grant.amount_idr or 0
    customer.not_topped_up(TopUp(before, amount))
    customer.topped_up(TopUp(at, amount))
    last = customer.last_topup or TopUp(at, amount)
    situation.say_of(
        customer.customer_id,
        CreditDated(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            at=at,
            last_top_up_at=last.at,
            last_top_up_idr=last.amount_idr,
        ),
    )


def order_id_of(case: PaymentCase, attempts: tuple[str, ...]) -> str:
    """What readers know the purchase of a course by: the order, else the payment."""
    return case.order_key if case.orders else payment_id_of(case, attempts)


def _date_course(
    case: PaymentCase,
    part: Part,
    grant: Grant,
    at: datetime,
    customer: CustomerRecord,
    situation: Situation,
) -> None:
    former, order_id = grant.order_id, order_id_of(case, part.attempts)
    if grant.revoked or (grant.at, former) == (at, order_id):
        return
    grant.at, grant.order_id = at, order_id
    customer.course_times[grant.product] = at
    situation.wakes.add(f"course:{customer.customer_id}:{grant.product}")
    situation.say_of(
        customer.customer_id,
        CourseDated(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            course=grant.product,
            order_id=order_id,
            former_order_id=former,
            at=at,
        ),
    )


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
    if _is_vouched(case, amount, situation):
        mark_charge(case, part.attempts, customer_id, "vouched", situation)
    return Grant(kind="sale", customer_id=customer_id, amount_idr=amount, product=part.sold_as)


def _is_vouched(case: PaymentCase, amount: int | None, situation: Situation) -> bool:
    """Money above the threshold is granted only when somebody vouched for it."""
    return amount is not None and amount > situation.catalog.policy(case.provider).confirm_above_idr


def keep_charge(case: PaymentCase, part: Part, situation: Situation) -> None:
    """Which subscription a charge was for may be learned after its money was booked, or went back."""
    grant = case.grants[part.key]
    if grant.kind != "sale" or not case.value("subscription_key"):
        return
    if grant.refunds and grant.refunded_idr == grant.amount_idr:
        mark_charge(case, part.attempts, grant.customer_id, "refunded", situation)
    elif _is_vouched(case, grant.amount_idr, situation):
        mark_charge(case, part.attempts, grant.customer_id, "vouched", situation)


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
