"""From the facts of a payment to decisions: grant each part once, or hold it for a reason. Pure: no clock, no I/O.

What was granted stays granted; only a refund, a reversal or a person takes it back. What is held is looked at again whenever something it
waits for arrives, so every order of arrival ends the same.
"""

from __future__ import annotations

from processor import grants, postings
from processor.payment_assessment import assess
from processor.payment_case import Claim, Hold, PaymentCase
from processor.payment_parts import MAIN, Part, parts_of, payment_id_of, repurposed
from processor.refunds import apply_refunds
from processor.situation import Owner, Situation, find_owner, suspense_id
from schemas.decisions import SuspenseHeld, SuspenseReleased

_CATALOG_PROBLEMS = {"unmapped_product", "ambiguous_product", "purpose_unknown"}


def decide_payment(case: PaymentCase, situation: Situation) -> None:
    """Bring the decisions about a case up to date with its facts. Mutates the case's record of what was decided."""
    owner = owner_of(case, situation)
    parts = parts_of(case, situation.catalog)
    _release_vanished(case, parts, situation)
    for part in parts:
        _settle(case, part, owner, situation)
    apply_refunds(case, situation)
    assess(case, parts, owner, situation)
    if not case.holds and (case.owner or not case.successes) and owner.reason is None:
        situation.waits.clear()


def owner_of(case: PaymentCase, situation: Situation) -> Owner:
    """Whose payment it is; once something was granted the answer no longer changes."""
    if case.owner:
        return Owner(case.owner)
    subscription = case.value("subscription_key")
    return find_owner(
        situation,
        customer_ref=case.value("customer_ref"),
        email=case.value("payer_email"),
        subscription=f"{case.provider}:subscription:{subscription}" if subscription else None,
    )


def _settle(case: PaymentCase, part: Part, owner: Owner, situation: Situation) -> None:
    if part.key in case.grants or part.key in case.closed:
        return
    held_id = suspense_id(case.key, part.key)
    hold = case.holds.get(part.key)
    if held_id in case.write_offs and hold is not None:
        _write_off(case, part, hold, situation)
        return
    claim = case.claims.get(held_id)
    if claim is not None:
        part = repurposed(part, case, situation.catalog, claim.product)
        known = claim.customer_id in situation.customers
        situation.waits.add(f"customer:{claim.customer_id}")
        owner = Owner(claim.customer_id) if known else Owner(reason="customer_unknown")
    problem = _problem(case, part, owner, claim, situation)
    if problem is None:
        _grant(case, part, owner, claim, situation)
    else:
        _hold(case, part, problem, owner, situation)


def _problem(
    case: PaymentCase, part: Part, owner: Owner, claim: Claim | None, situation: Situation
) -> str | None:
    """Why a part cannot be granted now, or None. The first reason a person would have to solve comes first."""
    found = None if claim else _order_problem(case)
    found = found or part.problem or owner.reason
    found = found or (None if claim else _trust_problem(case, part, situation))
    if found in _CATALOG_PROBLEMS:
        situation.waits.add("catalog")
    return found or grants.problem(part, situation.customers.get(owner.customer_id or ""))


def _order_problem(case: PaymentCase) -> str | None:
    paid_at = min((a.paid_at for a in case.successes.values() if a.paid_at), default=None)
    if case.reversed():
        return "reversed"
    if case.value("spam"):
        return "spam_order"
    if case.deleted_at and (paid_at is None or paid_at > case.deleted_at):
        return "order_deleted"
    if case.cancelled_at and (paid_at is None or paid_at > case.cancelled_at):
        return "paid_after_cancel"
    return None


def _trust_problem(case: PaymentCase, part: Part, situation: Situation) -> str | None:
    policy = situation.catalog.policy(case.provider)
    attempts = [case.attempts[attempt] for attempt in part.attempts]
    if part.underpaid:
        return "underpaid"
    if any(attempt.without_id for attempt in attempts) and policy.payload_without_id == "hold":
        return "payload_without_id"
    token_only = any(attempt.token_only for attempt in attempts)
    if token_only and part.amount is not None and part.amount > policy.confirm_above_idr:
        return "awaiting_confirmation"
    return None


def _grant(case: PaymentCase, part: Part, owner: Owner, claim: Claim | None, situation: Situation) -> None:
    hold = case.holds.pop(part.key, None)
    if hold is not None:
        actor = claim.actor if claim else None
        _release(
            case,
            part.attempts,
            hold,
            "granted",
            postings.released(case.provider, hold.amount),
            actor,
            situation,
        )
    refunded = hold.refunded_idr if hold else 0
    case.grants[part.key] = grants.grant(case, part, owner.customer_id, refunded, situation)
    if part.key == MAIN:
        case.main = list(part.attempts)
    if claim is None or part.key == MAIN:
        case.owner = owner.customer_id


def _hold(case: PaymentCase, part: Part, reason: str, owner: Owner, situation: Situation) -> None:
    hold = case.holds.get(part.key)
    refunded = hold.refunded_idr if hold else 0
    amount = None if part.amount is None else part.amount - refunded
    if hold is not None and (hold.reason, hold.amount) == (reason, amount):
        return
    moved: postings.Postings = ()
    if hold is None:
        moved = postings.held(case.provider, amount)
    elif hold.amount != amount:
        _release(
            case,
            part.attempts,
            hold,
            "changed",
            postings.released(case.provider, hold.amount),
            None,
            situation,
        )
        moved = postings.held(case.provider, amount)
    held_id = suspense_id(case.key, part.key)
    case.holds[part.key] = Hold(suspense_id=held_id, reason=reason, amount=amount, refunded_idr=refunded)
    situation.say(
        f"case-{case.key}",
        SuspenseHeld(
            case=case.key,
            suspense_id=held_id,
            provider=case.provider,
            payment_id=payment_id_of(case, part.attempts),
            reason=reason,
            amount=amount,
            payer_email=case.value("payer_email"),
            customer_id=owner.customer_id,
            product=part.product.id if part.product else None,
            since=case.paid_at(part.attempts) or situation.now,
            postings=moved,
        ),
    )


def _release_vanished(case: PaymentCase, parts: list[Part], situation: Situation) -> None:
    """Money held under a part that later facts merged into another one (partial payments that became complete)."""
    present = {part.key for part in parts}
    for key in [key for key in case.holds if key not in present]:
        hold = case.holds.pop(key)
        _release(case, (), hold, "changed", postings.released(case.provider, hold.amount), None, situation)


def _write_off(case: PaymentCase, part: Part, hold: Hold, situation: Situation) -> None:
    del case.holds[part.key]
    case.closed[part.key] = "written_off"
    actor = case.write_offs[hold.suspense_id]
    moved = postings.written_off(case.provider, hold.amount)
    _release(case, part.attempts, hold, "written_off", moved, actor, situation)


def _release(
    case: PaymentCase,
    attempts: tuple[str, ...],
    hold: Hold,
    resolution: str,
    moved: postings.Postings,
    actor: str | None,
    situation: Situation,
) -> None:
    situation.say(
        f"case-{case.key}",
        SuspenseReleased.model_validate(
            {
                "case": case.key,
                "suspense_id": hold.suspense_id,
                "provider": case.provider,
                "payment_id": payment_id_of(case, attempts),
                "resolution": resolution,
                "actor": actor,
                "at": situation.now,
                "postings": moved,
            }
        ),
    )
