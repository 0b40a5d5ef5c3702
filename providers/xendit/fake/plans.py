"""`/recurring/plans` over HTTP (docs.xendit.co/docs/fixed-amount-subscriptions)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random
from typing import Any

from providers.fakes.bills import FakeBill, Instrument, MoneyLine
from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.clock import moment
from providers.fakes.listing import page_of
from providers.fakes.world import FakeWorld
from providers.simulated import new_uuid
from providers.xendit.fake.charging import XenditCharging
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import CycleState, PlanState, TokenState
from providers.xendit.fake.v3 import invalid, metadata_of, whole_amount

INTERVALS = ("DAY", "WEEK", "MONTH", "YEAR")
MOST = 365
_NUMBERS = {"retry_interval_count": 1, "total_retry": 0}


class PlanDesk:
    """Create, read, stop; and what a person can do to a plan on its page."""

    def __init__(
        self,
        ledger: XenditLedger,
        charging: XenditCharging,
        world: FakeWorld,
        dice: Random,
        usable: Callable[[str], TokenState],
    ) -> None:
        self._ledger, self._charging, self._world, self._dice = ledger, charging, world, dice
        self._usable = usable

    def routes(self) -> Iterable[FakeRoute]:
        one = "/recurring/plans/{id}"
        return (
            FakeRoute("POST", "/recurring/plans", self._create),
            FakeRoute("GET", "/recurring/plans", self._find),
            FakeRoute("GET", one, self._get),
            FakeRoute("PATCH", one, self._change),
            FakeRoute("POST", f"{one}/deactivate", self._stop),
            FakeRoute("GET", f"{one}/cycles", self._cycles),
            FakeRoute("GET", f"{one}/cycles/{{cycle}}", self._cycle),
            FakeRoute("PATCH", f"{one}/cycles/{{cycle}}", self._change_cycle),
            FakeRoute("POST", f"{one}/cycles/{{cycle}}/force_attempt", self._force),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        reference, amount = wish.get("reference_id"), whole_amount(wish, "amount")
        if not isinstance(reference, str) or not reference:
            raise invalid("reference_id is required")
        if amount is None:
            raise invalid("amount is required")
        if wish.get("currency", "IDR") != "IDR":
            raise invalid("currency must be IDR on this account")
        if reference in self._ledger.state.names:
            raise ApiRefusal(409, "DUPLICATE_ERROR", "a plan with this reference_id exists")
        now = self._world.clock.now()
        schedule, anchor = schedule_of(wish.get("schedule"), now)
        action = wish.get("failed_cycle_action") or "RESUME"
        if action not in ("RESUME", "STOP"):
            raise invalid("failed_cycle_action must be RESUME or STOP")
        tokens = wish.get("payment_tokens") or []
        if not isinstance(tokens, list) or not all(
            isinstance(one, dict) and one.get("payment_token_id") for one in tokens
        ):
            raise invalid("payment_tokens must be a list of objects with payment_token_id")
        plan_id = f"repl_{new_uuid(self._dice)}"
        plan = PlanState(
            plan_id=plan_id,
            reference_id=reference,
            customer_id=wish.get("customer_id"),
            amount=amount,
            schedule=schedule,
            anchor=anchor,
            immediate=bool(
                wish.get("immediate_payment") or wish.get("immediate_action_type") == "FULL_AMOUNT"
            ),
            failed_cycle_action=action,
            status="REQUIRES_ACTION",
            created=now,
            updated=now,
            token_id=self._usable(str(tokens[0]["payment_token_id"])).token_id if tokens else None,
            link=call.page(NAME, plan_id),
            metadata=metadata_of(wish),
            description=wish.get("description"),
        )
        return FakeReply(201, self._shown(self._charging.take(plan)))

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._shown(self._plan(call)))

    def _find(self, call: FakeCall) -> FakeReply:
        """By our reference. No page of the provider's shows this call for plans; for customers and requests it is so."""
        wanted = call.query.get("reference_id")
        found = [one for one in self._ledger.state.plans.values() if wanted in (None, one.reference_id)]
        rows, more = page_of(found, call, key=lambda one: one.plan_id)
        return FakeReply(200, {"data": [self._shown(one) for one in rows], "has_more": more})

    def _change(self, call: FakeCall) -> FakeReply:
        """Amount and description of what comes."""
        plan, wish = self._plan(call), call.document()
        if plan.status == "INACTIVE":
            raise invalid("the plan is inactive", "INVALID_VALUE_ERROR")
        plan.amount = whole_amount(wish, "amount") or plan.amount
        plan.description = wish.get("description", plan.description)
        plan.updated = self._world.clock.now()
        return FakeReply(200, self._shown(plan))

    def _stop(self, call: FakeCall) -> FakeReply:
        plan = self._plan(call)
        self._charging.stop(plan)
        return FakeReply(200, self._shown(plan))

    def _cycles(self, call: FakeCall) -> FakeReply:
        plan = self._plan(call)
        rows, more = page_of(plan.cycles, call, key=lambda name: name)
        shown = [self._charging.cycle_object(self._ledger.state.cycles[name]) for name in rows]
        return FakeReply(200, {"data": shown, "has_more": more})

    def _cycle(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._charging.cycle_object(self._asked_cycle(call)))

    def _change_cycle(self, call: FakeCall) -> FakeReply:
        """Amount of a charge that waits (docs.xendit.co/apidocs/update-recurring-cycle)."""
        cycle, wish = self._asked_cycle(call), call.document()
        if cycle.status not in ("SCHEDULED", "RETRYING"):
            raise invalid(f"the cycle is {cycle.status}")
        cycle.amount = whole_amount(wish, "amount") or cycle.amount
        cycle.updated = self._world.clock.now()
        return FakeReply(200, self._charging.cycle_object(cycle))

    def _force(self, call: FakeCall) -> FakeReply:
        cycle = self._asked_cycle(call)
        self._charging.force(cycle)
        return FakeReply(200, self._charging.cycle_object(cycle))

    def _asked_cycle(self, call: FakeCall) -> CycleState:
        plan = self._plan(call)
        if call.params["cycle"] not in plan.cycles:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such cycle")
        return self._ledger.state.cycles[call.params["cycle"]]

    def _plan(self, call: FakeCall) -> PlanState:
        plan = self._ledger.state.plans.get(call.params["id"])
        if plan is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such plan")
        return plan

    def _shown(self, plan: PlanState) -> Json:
        actions = []
        if plan.status == "REQUIRES_ACTION":
            actions = [{"action": "AUTH", "url_type": "WEB", "method": "GET", "url": plan.link}]
        return self._charging.plan_object(plan) | {"actions": actions}

    def act(self, plan: PlanState, act: str) -> None:
        """Raises ApiRefusal when that cannot be."""
        if act not in acts_of(plan):
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", f"{act} is not possible now")
        if act == "link":
            self._charging.link(plan)
        elif act == "unsubscribe":
            self._charging.stop(plan)
        else:
            plan.failing = act == "break_charges"

    def bill(self, plan: PlanState) -> FakeBill:
        state = self._ledger.state
        money = [
            MoneyLine(moment(attempt["created"]), attempt["status"].lower(), cycle.amount, cycle.cycle_id)
            for cycle in (state.cycles[name] for name in plan.cycles)
            for attempt in cycle.attempts
        ]
        every = f"{plan.schedule['interval_count']} {plan.schedule['interval']}"
        return FakeBill(
            provider=NAME,
            key=plan.plan_id,
            reference=plan.reference_id,
            # In the provider's own words, which no page translates.
            title=f"RECURRING {every}{', FAILING' if plan.failing else ''}",
            amount=plan.amount,
            status=plan.status,
            created=plan.created,
            expires=None,
            instruments=(Instrument("link", "Plan", ""),) if plan.status == "REQUIRES_ACTION" else (),
            money=tuple(money),
            acts=acts_of(plan),
            names=(plan.plan_id, plan.reference_id, *plan.cycles),
        )


def acts_of(plan: PlanState) -> tuple[str, ...]:
    if plan.status == "REQUIRES_ACTION":
        return ("link", "unsubscribe")
    if plan.status == "ACTIVE":
        return ("mend_charges" if plan.failing else "break_charges", "unsubscribe")
    return ()


def schedule_of(wish: Any, now: datetime) -> tuple[Json, datetime]:
    """A schedule with its defaults, and its anchor. Raises ApiRefusal."""
    if not isinstance(wish, dict) or wish.get("interval") not in INTERVALS:
        raise invalid(f"schedule.interval must be one of {', '.join(INTERVALS)}")
    count = wish.get("interval_count", 1)
    if type(count) is not int or not 1 <= count <= MOST:
        raise invalid("schedule.interval_count must be a positive number")
    try:
        anchor = moment(str(wish["anchor_date"])) if wish.get("anchor_date") else now
    except ValueError:
        raise invalid("schedule.anchor_date must be an ISO 8601 moment") from None
    numbers = {name: wish.get(name) or usual for name, usual in _NUMBERS.items()}
    if not all(type(number) is int and 0 <= number <= MOST for number in numbers.values()):
        raise invalid(f"{', '.join(_NUMBERS)} must be numbers of the schedule")
    total = wish.get("total_recurrence")
    if total is not None and (type(total) is not int or total < 1):
        raise invalid("schedule.total_recurrence must be a positive number")
    if wish.get("retry_interval") not in (None, "DAY"):
        raise invalid("schedule.retry_interval must be DAY")
    filled: Json = {
        "interval": wish["interval"],
        "interval_count": count,
        "total_recurrence": total,
        "retry_interval": "DAY",
        **numbers,
        "failed_attempt_notifications": wish.get("failed_attempt_notifications") or [],
    }
    return filled, anchor
