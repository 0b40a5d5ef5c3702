"""Facts about subscriptions: plans and their charges (cycles)."""

from __future__ import annotations

from datetime import datetime

from providers.section import Section
from providers.xendit import payloads
from providers.xendit.events import STATUSES, Meaning
from providers.xendit.payments import PROVIDER
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import PaymentSucceeded, ProductHint, Report, SubscriptionReported
from schemas.shape import told
from schemas.translation import Fact


def plan(meaning: Meaning, data: Section, received_at: datetime) -> Fact:
    """A plan became usable or stopped."""
    data.require_rupiah()
    key = _key(data.identifier("id"))
    schedule = data.section("schedule")
    occurred = data.moment("updated", "created")
    stopped = meaning is Meaning.PLAN_INACTIVATED
    done, planned = data.whole("recurring_cycle_count"), schedule.whole("total_recurrence")
    event = SubscriptionReported(
        provider=PROVIDER,
        subscription_key=key,
        report="cancelled" if stopped else "activated",
        aliases=_aliases(key, data),
        amount=data.amount_if_any("amount"),
        starts_at=None if stopped else _first_charge(data, schedule, occurred or received_at),
        finished=stopped and done is not None and planned is not None and done >= planned,
        failure_code=data.text("failure_code"),
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        **_who_and_what(data),
    )
    return Fact(streams.subscription(PROVIDER, key), event)


def _first_charge(data: Section, schedule: Section, active_at: datetime) -> datetime | None:
    """When the first charge is due: at the beginning of the schedule, or at once, and the schedule begins with the second."""
    begins = schedule.planned("anchor_date")
    return min(begins, active_at) if begins is not None and data.flag("immediate_payment") else begins


def announced(data: Section, received_at: datetime) -> Fact:
    """The hosted page of a plan was completed: the plan and its first charge are to come, and until then it opens nothing."""
    data.require_rupiah()
    key = _key(data.identifier("recurring_plan_id") or data.identifier("payment_session_id"))
    occurred = data.moment("updated", "created")
    event = SubscriptionReported(
        provider=PROVIDER,
        subscription_key=key,
        report="created",
        aliases=tuple(
            dict.fromkeys(filter(None, (*_aliases(key, data), data.identifier("payment_session_id"))))
        ),
        amount=data.amount_if_any("amount"),
        announced=True,
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        **_who_and_what(data),
    )
    return Fact(streams.subscription(PROVIDER, key), event)


def cycle(meaning: Meaning, data: Section, received_at: datetime) -> tuple[Fact, ...]:
    """A charge: one report on the plan and, when it succeeded, the money. `payment.capture` may announce the same money."""
    data.require_rupiah()
    key = _key(data.identifier("plan_id") or data.identifier("recurring_plan_id"))
    cycle_id = data.identifier("id")
    if cycle_id is None:
        raise UntranslatableError("cycle_id_missing")
    if meaning is not Meaning.CYCLE_SUCCEEDED:
        final = meaning is Meaning.CYCLE_FAILED
        return (_report("renewal_failed", key, cycle_id, data, received_at, final=final),)
    status = (data.status("status") or "").upper()
    if status and status != "SUCCEEDED":
        raise UntranslatableError("status_contradicts_event", told(status, STATUSES))
    first = data.text("type") == "IMMEDIATE" or data.whole("cycle_number") == 1
    report = _report("activated" if first else "renewed", key, cycle_id, data, received_at)
    return _money(key, cycle_id, data, received_at, first=first), report


def _money(key: str, cycle_id: str, data: Section, received_at: datetime, *, first: bool) -> Fact:
    payment_id = payloads.succeeded_payment_id(data)
    payment_key = payment_id or cycle_id
    occurred = data.moment("updated", "scheduled_timestamp")
    event = PaymentSucceeded(
        provider=PROVIDER,
        payment_key=payment_key,
        attempt_id=payment_id,
        # The plan and our reference name all its charges, so they are no names of this one.
        aliases=tuple(dict.fromkeys((payment_key, cycle_id))),
        amount=data.amount("amount"),
        payment_type="subscription_initial" if first else "subscription_renewal",
        reference_id=data.identifier("reference_id"),
        subscription_key=key,
        provider_status=data.status("status"),
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        paid_at=occurred,
        **_who_and_what(data),
    )
    return Fact(streams.payment(PROVIDER, payment_key), event)


def _report(
    report: Report, key: str, cycle_id: str, data: Section, received_at: datetime, *, final: bool = False
) -> Fact:
    occurred = data.moment("updated", "scheduled_timestamp")
    failures = [attempt.text("failure_code") for attempt in data.sections("attempt_details")]
    event = SubscriptionReported(
        provider=PROVIDER,
        subscription_key=key,
        report=report,
        aliases=_aliases(key, data),
        cycle_id=cycle_id,
        cycle_number=data.whole("cycle_number"),
        payment_id=payloads.succeeded_payment_id(data),
        amount=data.amount_if_any("amount"),
        starts_at=_period_start(report, data, received_at),
        final=final,
        failure_code=failures[-1] if failures else None,
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        **_who_and_what(data),
    )
    return Fact(streams.subscription(PROVIDER, key), event)


def _period_start(report: Report, data: Section, received_at: datetime) -> datetime | None:
    """When the charged period begins. One that is paid has begun when we hear of it: a plan date years ahead buys no years."""
    planned = data.planned("scheduled_timestamp")
    paid = report in ("activated", "renewed")
    return min(planned, received_at) if planned is not None and paid else planned


def _who_and_what(data: Section) -> dict[str, object]:
    metadata = data.section("metadata")
    reference = data.identifier("reference_id")
    products = (ProductHint(kind="plan_reference", value=reference),) if reference else ()
    return {
        "customer_ref": metadata.reference("customer_id"),
        "payer_email": metadata.email("payer_email"),
        "products": products,
    }


def _aliases(key: str, data: Section) -> tuple[str, ...]:
    reference = data.identifier("reference_id")
    return (key,) if reference is None or reference == key else (key, reference)


def _key(plan_id: str | None) -> str:
    if plan_id is None:
        raise UntranslatableError("subscription_key_missing")
    return plan_id
