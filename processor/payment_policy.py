"""From the facts of a payment to decisions: grant each part once, or hold it for a reason. Pure: no clock, no I/O.

What was granted stays granted; only a refund, a reversal or a person takes it back. What is held is looked at again whenever something it
waits for arrives, so every order of arrival ends the same.
"""

from __future__ import annotations

from typing import Literal

from processor import grants, postings
from processor.case_names import subscription_case
from processor.payment_alarms import raise_alarms
from processor.payment_assessment import assess
from processor.payment_case import Claim, Closed, Hold, PaymentCase
from processor.payment_choice import MAIN, make_way
from processor.payment_parts import Part, parts_of, payment_id_of, repurposed
from processor.plan_purchases import withdraw_purchase
from processor.refunds import place_refunds, take_back
from processor.situation import Owner, Situation, digest, find_owner, suspense_id
from schemas.decisions import SuspenseHeld, SuspenseReleased

_CATALOG_PROBLEMS = {"unmapped_product", "ambiguous_product", "purpose_unknown"}


def decide_payment(case: PaymentCase, situation: Situation) -> None:
    """Bring the decisions about a case up to date with its facts. Mutates the case's record of what was decided."""
    _make_way(case, situation)
    owner, parts = _settle_parts(case, situation)
    for _ in case.attempts:
        # A refund may just have emptied the main money; each turn settles at least one attempt for good.
        if not _make_way(case, situation):
            break
        owner, parts = _settle_parts(case, situation)
    if case.orders and any(key.startswith("line:") for key in (*case.grants, *case.closed)):
        case.sold = case.order
    raise_alarms(case, parts, situation)
    assess(case, parts, owner, situation)
    if not case.holds and (case.owner or not case.successes) and owner.reason is None:
        situation.waits.clear()


def _make_way(case: PaymentCase, situation: Situation) -> bool:
    """Main money that gives way has bought nothing, as if its refund had come first: what takes its place may be another plan, or held."""
    if not make_way(case):
        return False
    if customer := situation.customers.get(owner_of(case, situation).customer_id or ""):
        withdraw_purchase(case, MAIN, customer, situation)
    return True


def _settle_parts(case: PaymentCase, situation: Situation) -> tuple[Owner, list[Part]]:
    owner = owner_of(case, situation)
    parts = parts_of(case, situation.catalog)
    _adopt(case, parts)
    _release_vanished(case, parts, situation)
    refunds = place_refunds(case, parts, situation)
    for part in parts:
        _settle(case, part, owner, refunds[part.key], situation)
    return owner, parts


def _adopt(case: PaymentCase, parts: list[Part]) -> None:
    """The first capture of a request that was granted on the request's word alone is that grant's money from now on."""
    for part in parts:
        if part.key == MAIN and MAIN in case.grants:
            case.main = list(part.attempts)


def owner_of(case: PaymentCase, situation: Situation) -> Owner:
    """Whose payment it is; once something was granted the answer no longer changes."""
    if case.owner:
        return Owner(case.owner)
    subscription = case.value("subscription_key")
    return find_owner(
        situation,
        customer_ref=case.value("customer_ref"),
        email=case.value("payer_email"),
        subscription=subscription_case(case.provider, subscription) if subscription else None,
        received=bool(case.successes),
    )


def _settle(
    case: PaymentCase, part: Part, owner: Owner, refunds: dict[str, int], situation: Situation
) -> None:
    if part.key in case.closed:
        if case.closed[part.key].why == "refunded":
            grants.mark_refunded(case, part, owner.customer_id, situation)
        return
    if part.key in case.grants:
        grants.keep_time(case, part, situation)
        take_back(case, part.key, refunds, situation)
        return
    claim = None
    if case.write_offs or case.claims:
        held_id = suspense_id(case.key, part.key)
        if held_id in case.write_offs and part.key in case.holds:
            _close(case, part, "written_off", refunds, owner.customer_id, situation)
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
        take_back(case, part.key, refunds, situation)
    elif part.amount and sum(refunds.values()) == part.amount:
        _close(case, part, "refunded", refunds, owner.customer_id, situation)
    else:
        _hold(case, part, problem, sum(refunds.values()), owner, situation)


def _problem(
    case: PaymentCase, part: Part, owner: Owner, claim: Claim | None, situation: Situation
) -> str | None:
    """Why a part cannot be granted now, or None. The first reason a person would have to solve comes first."""
    found = None if claim else _order_problem(case)
    found = found or part.problem or owner.reason
    found = found or (None if claim else _trust_problem(case, part, situation))
    if found in _CATALOG_PROBLEMS:
        situation.waits.add("catalog")
    found = found or grants.problem(part, situation.customers.get(owner.customer_id or ""))
    if found == "duplicate_purchase" and part.product:
        situation.waits.add(f"course:{owner.customer_id}:{part.product.id}")
    return found


def _order_problem(case: PaymentCase) -> str | None:
    if case.reversed():
        return "reversed"
    if case.spam:
        return "spam_order"
    if case.deleted_at is None and case.cancelled_at is None:
        return None
    paid_at = case.paid_at(case.successes)
    if case.deleted_at and (paid_at is None or paid_at > case.deleted_at):
        return "order_deleted"
    if case.cancelled_at and (paid_at is None or paid_at > case.cancelled_at):
        return "paid_after_cancel"
    return None


def _trust_problem(case: PaymentCase, part: Part, situation: Situation) -> str | None:
    if part.underpaid:
        return "underpaid"
    policy = situation.catalog.policy(case.provider)
    attempts = [case.attempts[attempt] for attempt in part.attempts]
    if any(attempt.without_id for attempt in attempts) and policy.payload_without_id == "hold":
        return "payload_without_id"
    unproved = any(attempt.unproved for attempt in attempts)
    if unproved and part.amount is not None and part.amount > policy.confirm_above_idr:
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
    case.grants[part.key] = grants.grant(case, part, owner.customer_id, situation)
    if part.key == MAIN:
        case.main = list(part.attempts)
    if claim is None or part.key == MAIN:
        case.owner = owner.customer_id


def _hold(
    case: PaymentCase, part: Part, reason: str, refunded: int, owner: Owner, situation: Situation
) -> None:
    hold = case.holds.get(part.key)
    amount = None if part.amount is None else part.amount - refunded
    view = SuspenseHeld(
        case=case.key,
        suspense_id=suspense_id(case.key, part.key),
        provider=case.provider,
        payment_id=payment_id_of(case, part.attempts),
        reason=reason,
        amount=amount,
        payer_email=case.value("payer_email"),
        customer_id=owner.customer_id,
        product=part.product.id if part.product else None,
        since=case.paid_at(part.attempts) or situation.now,
    )
    said = digest(view)
    moved: postings.Postings = ()
    if hold is None:
        moved = postings.held(case.provider, amount)
    elif hold.amount != amount:
        _release(
            case,
            part.attempts,
            hold,
            "refunded" if refunded > hold.refunded_idr else "changed",
            postings.released(case.provider, hold.amount),
            None,
            situation,
        )
        moved = postings.held(case.provider, amount)
    elif hold.said == said:
        hold.refunded_idr = refunded
        return
    case.holds[part.key] = Hold(view.suspense_id, reason, amount, refunded_idr=refunded, said=said)
    situation.say(f"case-{case.key}", view.amended(postings=moved) if moved else view)


def _release_vanished(case: PaymentCase, parts: list[Part], situation: Situation) -> None:
    """Money held under a part that later facts merged into another one: partial payments that became complete, two cases that are one."""
    if not case.holds and not case.stray_holds:
        return
    present = {part.key for part in parts}
    gone = [case.holds.pop(key) for key in [key for key in case.holds if key not in present]]
    for hold in [*gone, *case.stray_holds]:
        _release(case, (), hold, "changed", postings.released(case.provider, hold.amount), None, situation)
    case.stray_holds.clear()


def _close(
    case: PaymentCase,
    part: Part,
    why: Literal["refunded", "written_off"],
    refunds: dict[str, int],
    customer_id: str | None,
    situation: Situation,
) -> None:
    """The money leaves suspense without a grant, for good."""
    case.closed[part.key] = Closed(why=why, attempts=list(part.attempts), refunds=dict(refunds))
    if why == "refunded":
        grants.mark_refunded(case, part, customer_id, situation)
    hold = case.holds.pop(part.key, None)
    if hold is None:
        return
    back = postings.released if why == "refunded" else postings.written_off
    actor = case.write_offs.get(hold.suspense_id) if why == "written_off" else None
    _release(case, part.attempts, hold, why, back(case.provider, hold.amount), actor, situation)


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
