"""Refunds take back what their payment granted, as far as it is unspent. Each refund counts once, in the order the provider made them.

Money that is still held only becomes less; a grant made after its refund is made in full and taken back at once, so the order of arrival
does not matter.
"""

from __future__ import annotations

from processor.cases.attempts import RequestOnly
from processor.cases.parts import Part, payment_id_of
from processor.cases.payment import Grant, PaymentCase
from processor.cases.situation import Situation
from processor.grants import postings
from processor.grants.grant import mark_charge
from processor.grants.plan_purchases import end_purchase
from processor.grants.tiers import settle_tier
from schemas.decisions import CourseRevoked, CreditClawedBack, SaleRefunded, TokensClawedBack
from schemas.money import allocate

Placed = dict[str, dict[str, int]]
"""Part key → refund id → rupiah of the refund that concern this part."""


def place_refunds(case: PaymentCase, parts: list[Part]) -> tuple[Placed, list[str]]:
    """Which part each refund concerns, and the refunds that are larger than what they concern. One that comes before its payment waits."""
    placed = {part.key: dict(_final(case, part.key)) for part in parts}
    excessive: list[str] = []
    if not case.refunds:
        return placed, excessive
    room = {part.key: _size(case, part) - sum(placed[part.key].values()) for part in parts}
    for refund_id, refund in sorted(case.refunds.items(), key=lambda item: (item[1].at, item[0])):
        rest = refund.amount - sum(shares.get(refund_id, 0) for shares in placed.values())
        targets = [
            key for key in _targets(case, parts, refund.attempt_id, placed) if refund_id not in placed[key]
        ]
        if rest <= 0 or not targets:
            continue
        if rest > sum(room[key] for key in targets):
            excessive.append(refund_id)
            continue
        for key, share in _spread(rest, {key: room[key] for key in targets}).items():
            placed[key][refund_id] = share
            room[key] -= share
    return placed, excessive


def take_back(case: PaymentCase, key: str, refunds: dict[str, int], situation: Situation) -> None:
    """Take back what the part granted, for each of its refunds once."""
    grant = case.grants[key]
    for refund_id, share in refunds.items():
        if refund_id not in grant.refunds:
            grant.refunds[refund_id] = share
            _take(case, key, refund_id, share, situation)


def refunded_total(case: PaymentCase, keys: list[str]) -> int:
    """Rupiah of these parts that went back."""
    if not case.refunds:
        return 0
    grants = sum(case.grants[key].refunded_idr for key in keys if key in case.grants)
    holds = sum(case.holds[key].refunded_idr for key in keys if key in case.holds)
    return grants + holds + sum(sum(case.closed[key].refunds.values()) for key in keys if key in case.closed)


def _final(case: PaymentCase, key: str) -> dict[str, int]:
    if key in case.grants:
        return case.grants[key].refunds
    return case.closed[key].refunds if key in case.closed else {}


def _size(case: PaymentCase, part: Part) -> int:
    if part.key in case.grants:
        return case.grants[part.key].amount_idr or 0
    if part.key in case.closed:
        return sum(case.closed[part.key].refunds.values())
    return part.amount or 0


def _targets(case: PaymentCase, parts: list[Part], attempt_id: str | None, placed: Placed) -> list[str]:
    if attempt_id is None:
        return [part.key for part in parts if not part.key.startswith("attempt:")]
    own = [part.key for part in parts if attempt_id in part.attempts]
    return own or [
        part.key
        for part in parts
        if part.attempts == (RequestOnly,) and _may_be(case, attempt_id, placed[part.key])
    ]


def _may_be(case: PaymentCase, attempt_id: str, refunds: dict[str, int]) -> bool:
    """The request's word alone was counted; its refund tells of the payment behind it, another payment's refund waits for that one."""
    named = {case.refunds[refund_id].attempt_id for refund_id in refunds} - {None}
    return not named or attempt_id in named


def _spread(amount: int, room: dict[str, int]) -> dict[str, int]:
    """The price of exactly one item means that item; anything else lowers all of them in proportion."""
    exact = [key for key, left in room.items() if left == amount]
    if len(exact) == 1:
        return {exact[0]: amount}
    shares = dict(zip(room, allocate(amount, list(room.values())), strict=True))
    return {key: share for key, share in shares.items() if share}


def _take(case: PaymentCase, key: str, refund_id: str, share: int, situation: Situation) -> None:
    grant = case.grants[key]
    whole = grant.refunded_idr == grant.amount_idr
    if grant.kind == "credit":
        _take_credit(case, grant, refund_id, share, situation)
    elif grant.kind == "tokens":
        _take_tokens(case, grant, refund_id, share, situation)
    else:
        _return_sale(case, grant, refund_id, share, situation)
    if whole and grant.kind == "sale":
        mark_charge(case, tuple(case.main or case.successes), grant.customer_id, "refunded", situation)
    if whole and grant.kind == "course":
        _revoke(case, grant, situation)
    if whole and grant.kind == "plan":
        _end_plan(case, key, grant, situation)


def _due(grant: Grant) -> int:
    """Tokens that the refunds so far should have taken, less those already taken or forgiven."""
    due = grant.tokens * grant.refunded_idr // (grant.amount_idr or 1) - grant.clawed_tokens
    grant.clawed_tokens += due
    return due


def _take_credit(case: PaymentCase, grant: Grant, refund_id: str, share: int, situation: Situation) -> None:
    customer = situation.customers[grant.customer_id or ""]
    due = _due(grant)
    taken = min(due, customer.credit_tokens)
    customer.credit_tokens -= taken
    covered = share * taken // due if due else share
    situation.say_of(
        customer.customer_id,
        CreditClawedBack(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            refund_id=refund_id,
            amount_idr=share,
            tokens=taken,
            at=case.refunds[refund_id].at,
            postings=postings.credit_taken_back(case.provider, customer.customer_id, share, covered, taken),
        ),
    )
    if grant.refunded_idr == grant.amount_idr:
        customer.topups -= 1
        settle_tier(customer, case.key, "refund", situation)


def _take_tokens(case: PaymentCase, grant: Grant, refund_id: str, share: int, situation: Situation) -> None:
    customer = situation.customers[grant.customer_id or ""]
    taken = min(_due(grant), customer.chat_tokens)
    customer.chat_tokens -= taken
    situation.say_of(
        customer.customer_id,
        TokensClawedBack(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            refund_id=refund_id,
            product=grant.product,
            chat_tokens=taken,
            amount_idr=share,
            at=case.refunds[refund_id].at,
            postings=(
                *postings.sale_returned(case.provider, grant.product, share),
                *postings.chat_tokens(customer.customer_id, -taken),
            ),
        ),
    )


def _return_sale(case: PaymentCase, grant: Grant, refund_id: str, share: int, situation: Situation) -> None:
    stream = f"customer-{grant.customer_id}" if grant.customer_id else f"case-{case.key}"
    situation.say(
        stream,
        SaleRefunded(
            case=case.key,
            customer_id=grant.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            refund_id=refund_id,
            product=grant.product,
            amount_idr=share,
            at=case.refunds[refund_id].at,
            postings=postings.sale_returned(case.provider, grant.product, share),
        ),
    )


def _revoke(case: PaymentCase, grant: Grant, situation: Situation) -> None:
    customer = situation.customers[grant.customer_id or ""]
    grant.revoked = True
    customer.close_course(grant.product)
    situation.wakes.add(f"course:{customer.customer_id}:{grant.product}")
    situation.say_of(
        customer.customer_id,
        CourseRevoked(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            course=grant.product,
            order_id=grant.order_id or case.payment_key,
            reason="refunded",
            at=situation.now,
        ),
    )


def _end_plan(case: PaymentCase, key: str, grant: Grant, situation: Situation) -> None:
    customer = situation.customers[grant.customer_id or ""]
    end_purchase(case, key, grant, customer, situation)
