"""From the facts of a payment to decisions: grant each part once, or hold it for a reason. Pure: no clock, no I/O.

What is held is looked at again whenever something it waits for arrives. What was granted is looked at again when the facts it rests on turn out
to be others, and withdrawn if it does not stand (processor/policies/review.py). So every order of arrival ends the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from processor.cases.attempts import RequestOnly
from processor.cases.choice import MAIN, make_way
from processor.cases.names import subscription_case
from processor.cases.parts import Part, parts_of, payment_id_of, repurposed
from processor.cases.payment import Claim, Closed, Hold, PaymentCase
from processor.cases.situation import Owner, Situation, digest, find_owner, suspense_id
from processor.grants import grant as grants
from processor.grants import postings
from processor.grants.plan_purchases import withdraw_purchase
from processor.grants.refunds import place_refunds, take_back
from processor.grants.withdrawals import withdraw, withdraw_all, withdraw_grant
from processor.policies.alarms import raise_alarms
from processor.policies.assessment import assess
from processor.policies.review import (
    CATALOG_PROBLEMS,
    Grounds,
    Trial,
    ends_the_same,
    grounds_of,
    rests_on_the_catalog,
)
from schemas.decisions import SuspenseHeld, SuspenseReleased


def decide_payment(case: PaymentCase, situation: Situation) -> None:
    """Bring the decisions about a case up to date with its facts. Mutates the case's record of what was decided."""
    if case.stray_grants:
        # Two cases that granted the same money are one: neither grant is more right than the other.
        withdraw_all(case, "counted_twice", owner_of(case, situation).customer_id, situation)
    told, parked = set(case.told), len(situation.parked)
    owner, parts = _settle_all(case, situation)
    trial = _decided_anew(case, told, situation)
    if trial is not None:
        # What an operator would have been shown rests on what is withdrawn.
        del situation.parked[parked:]
        trial.take_over(case, situation)
    freed = _free(case)
    if freed or trial is not None:
        owner, parts = owner_of(case, situation), parts_of(case, situation.catalog)
    if case.orders and any(key.startswith("line:") for key in (*case.grants, *case.closed)):
        case.sold = case.order
    raise_alarms(case, parts, situation)
    assess(case, parts, owner, situation)
    if not case.holds and (case.owner or not case.successes) and owner.reason is None:
        situation.waits.clear()


def _settle_all(case: PaymentCase, situation: Situation) -> tuple[Owner, list[Part]]:
    _make_way(case, situation)
    owner, parts = _settle_parts(case, situation)
    for _ in case.attempts:
        # A refund may just have emptied the main money; each turn settles at least one attempt for good.
        if not _make_way(case, situation):
            break
        owner, parts = _settle_parts(case, situation)
    return owner, parts


def _free(case: PaymentCase) -> bool:
    """When nothing is decided any more, whose it is and what for may still turn out otherwise. True when it was not free."""
    if not (case.owner or case.sold or case.main) or case.decided or case.in_hand:
        return False
    case.main, case.sold, case.owner, case.owner_email = [], None, None, None
    return True


def _decided_anew(case: PaymentCase, told: set[str], situation: Situation) -> Trial | None:
    """What would have been decided had all facts been there, when the facts that decisions rest on changed and it is something else."""
    if case.in_hand or not case.decided:
        return None
    known, grounds = case.grounds, grounds_of(case)
    case.grounds = list(grounds)
    if known == case.grounds or len(known) != len(grounds):
        # The same, or told by a program that looked at other things: what was decided then stands.
        return None
    before = Grounds(*known)
    keeps_owner = before.payer == grounds.payer
    former = owner_of(case, situation)
    now = former if keeps_owner else owner_of(replace(case, owner=None), situation, former)
    customers = {former.customer_id, now.customer_id, *case.granted_to()}
    trial = Trial.of(case, {one for one in customers if one}, situation)
    anew = trial.case
    anew.told = told
    withdraw_all(anew, case.order_problem() or "corrected", former.customer_id, trial.situation)
    anew.owner, anew.owner_email = now.customer_id, now.email
    _settle_all(anew, trial.situation)
    if ends_the_same(case, anew) or rests_on_the_catalog(case, anew, before, grounds):
        return None
    return trial


def _make_way(case: PaymentCase, situation: Situation) -> bool:
    """Main money that gives way has bought nothing, as if its refund had come first: what takes its place may be another plan, or held."""
    emptied, in_hand = case.grants.get(MAIN), case.in_hand
    if not make_way(case):
        return False
    if emptied is not None and not in_hand:
        withdraw_grant(case, f"{case.key} {MAIN}", emptied, "refunded", situation)
    elif customer := situation.customers.get(owner_of(case, situation).customer_id or ""):
        withdraw_purchase(case, f"{case.key} {MAIN}", customer, situation)
    return True


def _settle_parts(case: PaymentCase, situation: Situation) -> tuple[Owner, list[Part]]:
    owner = owner_of(case, situation)
    parts = parts_of(case, situation.catalog)
    _adopt(case, parts)
    _release_vanished(case, parts, situation)
    refunds, excessive = place_refunds(case, parts)
    for refund_id in excessive:
        if case.tell_once(f"refund_exceeds_payment {refund_id}"):
            situation.parked.append((refund_id, "refund_exceeds_payment"))
    for part in parts:
        _settle(case, part, owner, refunds[part.key], situation)
    return owner, parts


def _adopt(case: PaymentCase, parts: list[Part]) -> None:
    """The first capture of a request that was granted on the request's word alone is that grant's money from now on."""
    for part in parts:
        if part.key == MAIN and MAIN in case.grants:
            case.main = list(part.attempts)


def owner_of(case: PaymentCase, situation: Situation, former: Owner | None = None) -> Owner:
    """Whose payment it is; once something was granted the answer no longer changes. `former`: see `find_owner`."""
    if case.owner:
        return Owner(case.owner, email=case.owner_email)
    subscription = case.value("subscription_key")
    return find_owner(
        situation,
        customer_ref=case.value("customer_ref"),
        emails=case.emails(),
        subscription=subscription_case(case.provider, subscription) if subscription else None,
        received=bool(case.successes),
        former=former,
    )


def _settle(
    case: PaymentCase, part: Part, owner: Owner, refunds: dict[str, int], situation: Situation
) -> None:
    if part.key in case.closed and not _reopen(case, part, owner, situation):
        if case.closed[part.key].why == "refunded":
            grants.mark_refunded(case, part, owner.customer_id, situation)
        return
    if part.key in case.grants and not _give_way(case, part, situation):
        grants.keep_time(case, part, situation)
        take_back(case, part.key, refunds, situation)
        grants.keep_charge(case, part, situation)
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
        grants.bid(case, part, problem, owner.customer_id, situation)
        _hold(case, part, problem, sum(refunds.values()), owner, situation)


def _reopen(case: PaymentCase, part: Part, owner: Owner, situation: Situation) -> bool:
    """Money that went back before anybody knew whose it was is granted and taken back, as if we had known."""
    if case.closed[part.key].why != "refunded" or case.in_hand:
        return False
    if _problem(case, part, owner, None, situation):
        return False
    del case.closed[part.key]
    return True


def _give_way(case: PaymentCase, part: Part, situation: Situation) -> bool:
    """Leave a course to a purchase of it that was paid earlier, as if that one had come first."""
    if not grants.gives_way(case, part, situation):
        return False
    withdraw(case, part.key, "duplicate_purchase", situation)
    return True


def _problem(
    case: PaymentCase, part: Part, owner: Owner, claim: Claim | None, situation: Situation
) -> str | None:
    """Why a part cannot be granted now, or None. The first reason a person would have to solve comes first."""
    found = None if claim else case.order_problem()
    found = found or part.problem or owner.reason
    found = found or (None if claim else _trust_problem(case, part, situation))
    if found in CATALOG_PROBLEMS:
        situation.waits.add("catalog")
    found = found or grants.problem(case, part, situation.customers.get(owner.customer_id or ""))
    if found == "duplicate_purchase" and part.product:
        situation.waits.add(f"course:{owner.customer_id}:{part.product.id}")
    return found


def _trust_problem(case: PaymentCase, part: Part, situation: Situation) -> str | None:
    if part.underpaid:
        return "underpaid"
    policy = situation.catalog.policy(case.provider)
    if case.reusable and RequestOnly in part.attempts:
        # Nobody can tell which payment of this code it is, and each is announced by itself.
        return "payload_without_id"
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
        case.owner, case.owner_email = owner.customer_id, owner.email


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
