"""Refunds take back what their payment granted, as far as it is unspent. Each refund counts once, in the order the provider made them."""

from __future__ import annotations

from processor import postings
from processor.payment_case import Grant, Hold, PaymentCase
from processor.payment_parts import MAIN, payment_id_of
from processor.situation import Situation
from schemas.decisions import (
    CourseRevoked,
    CreditClawedBack,
    SaleRefunded,
    SuspenseHeld,
    SuspenseReleased,
    TokensClawedBack,
)


def apply_refunds(case: PaymentCase, situation: Situation) -> None:
    """Apply every refund that has a counted payment; one that comes before its payment waits in the case."""
    for refund_id, refund in sorted(case.refunds.items(), key=lambda item: (item[1].at, item[0])):
        if refund_id in case.refunds_applied or refund_id in case.parked:
            continue
        parts = _targets(case, refund.attempt_id)
        if not parts:
            continue
        if refund.amount > sum(_left(case, part) for part in parts):
            case.parked.append(refund_id)
            situation.parked.append((refund_id, "refund_exceeds_payment"))
            continue
        case.refunds_applied[refund_id] = refund.amount
        _spread(case, parts, refund_id, refund.amount, situation)


def refunded_total(case: PaymentCase, keys: list[str]) -> int:
    """Rupiah of these parts that went back."""
    grants = sum(case.grants[key].refunded_idr for key in keys if key in case.grants)
    holds = sum(case.holds[key].refunded_idr for key in keys if key in case.holds)
    return grants + holds + sum(case.closed_refunds.get(key, 0) for key in keys)


def _targets(case: PaymentCase, attempt_id: str | None) -> list[str]:
    own = f"attempt:{attempt_id}"
    counted = [*case.grants, *case.holds]
    if own in counted:
        return [own]
    return [key for key in counted if not key.startswith("attempt:")]


def _left(case: PaymentCase, key: str) -> int:
    if key in case.holds:
        return case.holds[key].amount or 0
    grant = case.grants[key]
    return (grant.amount_idr or 0) - grant.refunded_idr


def _spread(case: PaymentCase, parts: list[str], refund_id: str, amount: int, situation: Situation) -> None:
    for key in parts:
        share = min(amount, _left(case, key))
        amount -= share
        if share and key in case.holds:
            _from_hold(case, key, case.holds[key], share, situation)
        elif share:
            _from_grant(case, key, case.grants[key], refund_id, share, situation)


def _from_hold(case: PaymentCase, key: str, hold: Hold, share: int, situation: Situation) -> None:
    attempts = tuple(case.successes) if key == MAIN else (key.removeprefix("attempt:"),)
    payment_id = (
        payment_id_of(case, attempts) if key == MAIN or attempts[0] in case.attempts else case.payment_key
    )
    situation.say(
        f"case-{case.key}",
        SuspenseReleased(
            case=case.key,
            suspense_id=hold.suspense_id,
            provider=case.provider,
            payment_id=payment_id,
            resolution="refunded",
            at=situation.now,
            postings=postings.released(case.provider, hold.amount),
        ),
    )
    rest = (hold.amount or 0) - share
    if rest == 0:
        del case.holds[key]
        case.closed[key] = "refunded"
        case.closed_refunds[key] = hold.refunded_idr + share
        return
    case.holds[key] = hold.model_copy(update={"amount": rest, "refunded_idr": hold.refunded_idr + share})
    situation.say(
        f"case-{case.key}",
        SuspenseHeld(
            case=case.key,
            suspense_id=hold.suspense_id,
            provider=case.provider,
            payment_id=payment_id,
            reason=hold.reason,
            amount=rest,
            payer_email=case.value("payer_email"),
            since=situation.now,
            postings=postings.held(case.provider, rest),
        ),
    )


def _from_grant(
    case: PaymentCase, key: str, grant: Grant, refund_id: str, share: int, situation: Situation
) -> None:
    grant.refunded_idr += share
    if grant.kind == "credit":
        _take_credit(case, grant, refund_id, share, situation)
    elif grant.kind == "tokens":
        _take_tokens(case, grant, refund_id, share, situation)
    else:
        _return_sale(case, grant, refund_id, share, situation)
    if grant.kind == "course" and grant.refunded_idr == grant.amount_idr:
        _revoke(case, grant, situation)


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
    customer.courses.pop(grant.product, None)
    situation.say_of(
        customer.customer_id,
        CourseRevoked(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            course=grant.product,
            order_id=case.payment_key,
            reason="refunded",
            at=situation.now,
        ),
    )
