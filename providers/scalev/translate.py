"""From a Scalev webhook to facts. Pure: the same document and context give the same translation.

Envelope: `{event, unique_id, timestamp, data}`; `unique_id` stays the same when Scalev sends an event again.
"""

from __future__ import annotations

from providers.identity import content_key, dedupe_key, wrong_environment
from providers.money import refuse_unrecognised_money, refuse_unrecognised_state
from providers.scalev import orders, payments
from providers.scalev.amounts import STATED
from providers.scalev.events import (
    CANCELLED_STATUSES,
    DELETED,
    KNOWN,
    PAYMENTS,
    RECORD_ONLY,
    SNAPSHOTS,
    STATUS_CHANGED,
    TESTS,
)
from providers.scalev.payloads import PROVIDER
from providers.scalev.zone import ZONE
from providers.section import Section
from providers.substance import substance
from schemas.errors import UntranslatableError
from schemas.translation import Effect, Fact, Translation, TranslationContext


def translate(document: object, context: TranslationContext) -> Translation:
    """Raises UntranslatableError or AmountError when an authentic webhook cannot be read safely."""
    top = Section.of(document, ZONE)
    name = _event_name(top)
    data = top.section("data")
    mistaken = _addressee(top, data, context)
    if mistaken is not None:
        return Translation(Effect.QUARANTINED, name, content_key(PROVIDER, name, top), reason=mistaken)
    key = _key(name, top)
    if name in TESTS:
        return Translation(Effect.TEST, name, key)
    if name not in KNOWN:
        refuse_unrecognised_money(name, top, STATED)
        refuse_unrecognised_state(name, top)
        return Translation(Effect.UNKNOWN, name, key, substance(name, ()))
    if name in RECORD_ONLY:
        return Translation(Effect.NO_EFFECT, name, key, substance(name, (), subject=data.reference("id")))
    data = top.required("data")
    facts = _facts(name, top, data, context)
    said = substance(name, facts, subject=data.reference("order_id"), order_status=data.text("status"))
    effect = Effect.FACTS if facts else Effect.NO_EFFECT
    return Translation(effect, name, key, said, facts)


def _facts(name: str, top: Section, data: Section, context: TranslationContext) -> tuple[Fact, ...]:
    if name in SNAPSHOTS:
        order = orders.recorded(name, data, context.received_at)
        payment = payments.of_snapshot(data, context.received_at)
        return (order,) if payment is None else (order, payment)
    if name in PAYMENTS:
        payment = payments.payment(name, PAYMENTS[name], data, top.moment("timestamp"), context.received_at)
        return (*_whole_order(name, data, context), payment)
    if name == STATUS_CHANGED:
        ended = (data.text("status") or "").lower() in CANCELLED_STATUSES
        told = (
            orders.cancelled(data, context.received_at) if ended else None,
            payments.of_snapshot(data, context.received_at),
        )
        return (*_whole_order(name, data, context), *(one for one in told if one is not None))
    if name == DELETED:
        return (orders.deleted(data, context.received_at),)
    raise UntranslatableError("event_without_rule", name)


def _whole_order(name: str, data: Section, context: TranslationContext) -> tuple[Fact, ...]:
    """Some stores send the whole order along: then the event is a snapshot too."""
    whole = data.has("gross_revenue") and (data.has("orderlines") or data.has("orderbundles"))
    return (orders.recorded(name, data, context.received_at),) if whole else ()


def _event_name(top: Section) -> str:
    if not top.has("event"):
        raise UntranslatableError("event_missing")
    name = top.text("event")
    if name is None:
        raise UntranslatableError("event_malformed")
    return name


def _key(name: str, top: Section) -> str:
    """`unique_id` alone names an event: were it used again under another name, that would be a contradiction, not a second event."""
    unique_id = top.identifier("unique_id")
    return dedupe_key(PROVIDER, unique_id) if unique_id else content_key(PROVIDER, name, top)


def _addressee(top: Section, data: Section, context: TranslationContext) -> str | None:
    """Why a webhook is not for us, if so. Orders name their store only by its title; checkout intents by its id."""
    if context.account_id is not None:
        stated = {data.section("store").reference("unique_id"), data.reference("store_unique_id")}
        if stated - {None, context.account_id}:
            return "wrong_account"
    return "wrong_environment" if wrong_environment(context.production, top, data) else None
