"""What happens to recurring plans: linked, charged on schedule, retried, stopped; and the webhooks that tell it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from providers.fakes.calls import ApiRefusal, Json
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_uuid
from providers.xendit import simulated_bodies as bodies
from providers.xendit.fake.announcing import envelope
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import CycleState, PlanState, RequestState, TokenState
from providers.xendit.simulated_bodies import XenditPlan
from schemas.periods import Period

VERSION = "2026-01-01"
_MONTHS = {"MONTH": 1, "YEAR": 12}
_DAYS = {"DAY": 1, "WEEK": 7}
MOST_FORCED = 5  # per cycle: docs.xendit.co/recurring/features/force-recurring-cycle-attempt
CHANNEL = "GOPAY"


class XenditCharging:
    """All plans of one account. Money goes through the account's ledger: one payment of a cycle is told by both."""

    def __init__(
        self,
        ledger: XenditLedger,
        world: FakeWorld,
        dice: Random,
        business_id: str,
        stores: Callable[[PlanState], TokenState],
    ) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._business_id, self._stores = business_id, stores

    def find(self, name: str) -> PlanState | None:
        state = self._ledger.state
        return state.plans.get(state.names.get(name, name))

    def take(self, plan: PlanState) -> PlanState:
        """A new plan. With a stored instrument it is active at once; otherwise somebody has to link one."""
        self._ledger.state.plans[plan.plan_id] = plan
        self._ledger.state.names.setdefault(plan.reference_id, plan.plan_id)
        if plan.token_id is not None:
            self.link(plan)
        return plan

    def link(self, plan: PlanState) -> None:
        """The payer has linked an instrument. The first charge is made now, or waits for the anchor."""
        if plan.status not in ("REQUIRES_ACTION", "PENDING"):
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", f"the plan is {plan.status}")
        now = self._world.clock.now()
        plan.token_id = plan.token_id or self._stores(plan).token_id
        self._move(plan, "ACTIVE")
        self._tell_plan(plan, "activated")
        if plan.immediate:
            self._charge(self._new_cycle(plan, now, "IMMEDIATE"))
        else:
            self._schedule(plan)

    def stop(self, plan: PlanState, failure_code: str | None = None) -> None:
        """By the merchant, at its planned end, or after a failure with STOP."""
        if plan.status == "INACTIVE":
            raise ApiRefusal(400, "INVALID_VALUE_ERROR", "the plan is inactive")
        plan.failure_code = failure_code
        for name in plan.cycles:
            cycle = self._ledger.state.cycles[name]
            if cycle.status in ("SCHEDULED", "RETRYING"):
                cycle.status, cycle.updated = "CANCELLED", self._world.clock.now()
        self._move(plan, "INACTIVE")
        self._tell_plan(plan, "inactivated")

    def ring(self, kind: str, key: str) -> None:
        """A cycle's charge, or another attempt at it, is due."""
        cycle = self._ledger.state.cycles[key]
        if cycle.status == ("SCHEDULED" if kind == "charge" else "RETRYING"):
            self._charge(cycle)

    def plan_object(self, plan: PlanState) -> Json:
        schedule = plan.schedule | {
            "anchor_date": iso(plan.anchor),
            "created": iso(plan.created),
            "updated": iso(plan.updated),
        }
        return bodies.plan(_as_simulated(plan), plan.status, plan.updated, plan.done) | {
            "customer_id": plan.customer_id,
            "failed_cycle_action": plan.failed_cycle_action,
            "payment_tokens": [{"payment_token_id": plan.token_id, "rank": 1}] if plan.token_id else [],
            "schedule": schedule,
            "immediate_payment": plan.immediate,
            "description": plan.description,
            "items": None,
            "locale": "id",
            "notification_channels": [],
            "payment_session_id": plan.session_id,
            "failure_code": plan.failure_code,
            "metadata": plan.metadata,
        }

    def cycle_object(self, cycle: CycleState) -> Json:
        plan = self._ledger.state.plans[cycle.plan_id]
        one = _as_simulated(plan)
        body = bodies.cycle(
            one, cycle.number, cycle.cycle_id, cycle.attempts, cycle.status, cycle.scheduled, cycle.updated
        )
        further = {
            "type": cycle.kind,
            "customer_id": plan.customer_id,
            "amount": cycle.amount,
            "forced_attempt_count": cycle.forced,
        }
        return body | further | {"metadata": plan.metadata, "created": iso(cycle.created)}

    def _charge(self, cycle: CycleState, *, forced: bool = False) -> None:
        plan, now = self._ledger.state.plans[cycle.plan_id], self._world.clock.now()
        request = self._request(plan, cycle, now)
        number = len(cycle.attempts) + 1
        payment = (
            self._ledger.fail(request, "INSUFFICIENT_BALANCE")
            if plan.failing
            else self._ledger.pay(request, None)
        )
        attempt = bodies.attempt(number, payment.payment_id, payment.status, now) | {
            "action_number": number,
            "payment_token_id": plan.token_id,
            "next_retry_timestamp": None,
            "payment_session": None,
        }
        attempt |= {"type": "FORCED"} if forced else {}
        cycle.attempts.append(attempt)
        cycle.updated = now
        if plan.failing and forced:
            self._tell_cycle(cycle, "force_attempt_failed")
            return
        if plan.failing:
            self._failed(plan, cycle, now)
            return
        cycle.status = "SUCCEEDED"
        plan.done += 1
        self._tell_cycle(cycle, "succeeded")
        self._go_on(plan)

    def _failed(self, plan: PlanState, cycle: CycleState, now: datetime) -> None:
        attempts = len(cycle.attempts) - cycle.forced
        if cycle.kind != "IMMEDIATE" and attempts <= int(plan.schedule["total_retry"]):
            again = now + _days(plan.schedule["retry_interval"], plan.schedule["retry_interval_count"])
            cycle.attempts[-1]["next_retry_timestamp"] = iso(again)
            cycle.status = "RETRYING"
            self._world.clock.alarm(again, NAME, "retry", cycle.cycle_id)
            self._tell_cycle(cycle, "retrying")
            return
        cycle.status = "FAILED"
        self._tell_cycle(cycle, "failed")
        if plan.failed_cycle_action == "STOP" or cycle.kind == "IMMEDIATE":
            # Without its first payment a plan never begins (docs.xendit.co/apidocs/create-recurring-plan).
            self.stop(plan, "RECURRING_CYCLE_FAILED")
        else:
            self._go_on(plan)

    def _go_on(self, plan: PlanState) -> None:
        total = plan.schedule.get("total_recurrence")
        if total is not None and len(plan.cycles) >= int(total):
            self.stop(plan)
        elif plan.status == "ACTIVE":
            self._schedule(plan)

    def force(self, cycle: CycleState) -> None:
        """A charge before its time, or another attempt at once. The dates of what follows stay."""
        if cycle.status not in ("SCHEDULED", "RETRYING"):
            raise ApiRefusal(400, "API_VALIDATION_ERROR", f"the cycle is {cycle.status}")
        if cycle.forced >= MOST_FORCED:
            raise ApiRefusal(400, "API_VALIDATION_ERROR", "no more attempts of this cycle can be forced")
        cycle.forced += 1
        self._charge(cycle, forced=True)

    def _schedule(self, plan: PlanState) -> None:
        due = self._next_due(plan)
        cycle = self._new_cycle(plan, due, "SCHEDULED")
        self._world.clock.alarm(due, NAME, "charge", cycle.cycle_id)
        self._tell_cycle(cycle, "created")

    def _next_due(self, plan: PlanState) -> datetime:
        """The first date of the schedule after the last charge; its beginning when there was none."""
        last = self._ledger.state.cycles[plan.cycles[-1]].scheduled if plan.cycles else None
        index = 0
        while last is not None and self._due(plan, index) <= last:
            index += 1
        return self._due(plan, index)

    def _due(self, plan: PlanState, index: int) -> datetime:
        unit, count = plan.schedule["interval"], int(plan.schedule["interval_count"])
        if unit in _MONTHS:
            return Period(months=_MONTHS[unit] * count).after(plan.anchor, index)
        return plan.anchor + _days(unit, count) * index

    def _new_cycle(self, plan: PlanState, scheduled: datetime, kind: str) -> CycleState:
        now = self._world.clock.now()
        number = len(plan.cycles) + 1
        cycle = CycleState(
            cycle_id=f"recy_{new_uuid(self._dice)}",
            plan_id=plan.plan_id,
            number=number,
            kind=kind,
            status="SCHEDULED",
            amount=plan.amount,
            scheduled=scheduled,
            created=now,
            updated=now,
        )
        self._ledger.state.cycles[cycle.cycle_id] = cycle
        plan.cycles.append(cycle.cycle_id)
        return cycle

    def _request(self, plan: PlanState, cycle: CycleState, now: datetime) -> RequestState:
        """What a charge is made at; its payment carries the plan's reference and metadata."""
        return self._ledger.open_request(
            RequestState(
                request_id=f"pr-{new_uuid(self._dice)}",
                reference_id=plan.reference_id,
                era="plan",
                kind="PAY",
                amount=cycle.amount,
                channel=CHANNEL,
                channel_properties={},
                capture_method="AUTOMATIC",
                status="REQUIRES_ACTION",
                created=now,
                updated=now,
                expires=None,
                actions=[],
                metadata=plan.metadata,
                customer_id=plan.customer_id,
            )
        )

    def _move(self, plan: PlanState, status: str) -> None:
        plan.status, plan.updated = status, self._world.clock.now()

    def _tell_plan(self, plan: PlanState, what: str) -> None:
        self._post(f"recurring.plan.{what}", plan, self.plan_object(plan))

    def _tell_cycle(self, cycle: CycleState, what: str) -> None:
        plan = self._ledger.state.plans[cycle.plan_id]
        self._post(f"recurring.cycle.{what}", plan, self.cycle_object(cycle))

    def _post(self, event: str, plan: PlanState, data: dict[str, Any]) -> None:
        document = envelope(event, self._business_id, self._world.clock.now(), data, VERSION)
        self._world.outbox.post(NAME, event, plan.plan_id, document)


def _days(unit: str, count: int) -> timedelta:
    return timedelta(days=_DAYS.get(unit, 1) * int(count))


def _as_simulated(plan: PlanState) -> XenditPlan:
    return XenditPlan(plan.plan_id, plan.reference_id, plan.amount, plan.metadata or {}, plan.created)
