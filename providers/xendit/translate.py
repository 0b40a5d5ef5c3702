"""From a Xendit webhook to facts. Pure: the same document and context give the same translation.

Envelope: `{event, business_id, created, api_version?, data}`; `created` is the time of this delivery attempt and is ignored. The Invoice
API's callback is a flat object without `event`. Every event name is in `events.MEANINGS`; others are stored without effect.
"""

from __future__ import annotations

from providers.identity import content_key, wrong_environment
from providers.section import Section
from providers.substance import substance
from providers.xendit import payloads, payments, recurring
from providers.xendit.events import MEANINGS, SAMPLE_IDS, Meaning
from providers.xendit.keys import event_key, invoice_key
from schemas.errors import UntranslatableError
from schemas.translation import Effect, Fact, Translation, TranslationContext


def translate(document: object, context: TranslationContext) -> Translation:
    """Raises UntranslatableError or AmountError when an authentic webhook cannot be read safely."""
    top = Section.of(document)
    data = top.section("data")
    event_name = _event_name(top)
    if _is_connection_test(top, data):
        return Translation(Effect.TEST, event_name, content_key("xendit", event_name, top))
    mistaken = _addressee(top, data, context)
    if mistaken is not None:
        key = content_key("xendit", event_name, top)
        return Translation(Effect.QUARANTINED, event_name, key, reason=mistaken)
    if not top.has("event"):
        return _invoice(event_name, top, context)
    meaning = MEANINGS.get(event_name)
    if meaning is None:
        return Translation(Effect.UNKNOWN, event_name, content_key("xendit", event_name, top))
    if meaning is Meaning.RECORD_ONLY:
        key = event_key(event_name, top, data)
        said = substance(event_name, (), status=data.text("status"))
        return Translation(Effect.NO_EFFECT, event_name, key, said)
    data = top.required("data")
    facts = _facts(event_name, meaning, data, context)
    key = event_key(event_name, top, data)
    effect = Effect.FACTS if facts else Effect.NO_EFFECT
    return Translation(effect, event_name, key, substance(event_name, facts), facts)


def _facts(event_name: str, meaning: Meaning, data: Section, context: TranslationContext) -> tuple[Fact, ...]:
    if meaning in (Meaning.REFUND_SUCCEEDED, Meaning.REFUND_FAILED):
        return (payments.refund(meaning, payloads.unwrapped_refund(data), context.received_at),)
    if meaning in (Meaning.PLAN_ACTIVATED, Meaning.PLAN_INACTIVATED):
        return (recurring.plan(meaning, data, context.received_at),)
    if meaning in (Meaning.CYCLE_SUCCEEDED, Meaning.CYCLE_RETRYING, Meaning.CYCLE_FAILED):
        return recurring.cycle(meaning, data, context.received_at)
    if meaning is Meaning.SESSION_EXPIRED:
        session = payments.expired_session(data, context.received_at)
        return (session,) if session is not None else ()
    return (payments.payment(event_name, meaning, data, context.received_at),)


def _invoice(event_name: str, top: Section, context: TranslationContext) -> Translation:
    fact = payments.invoice(top, context.received_at)
    if fact is None:
        return Translation(Effect.UNKNOWN, event_name, content_key("xendit", event_name, top))
    facts = (fact,)
    return Translation(
        Effect.FACTS, event_name, invoice_key(event_name, top), substance(event_name, facts), facts
    )


def _event_name(top: Section) -> str:
    """The name, or `invoice.<status>` for the callback that has none. Raises UntranslatableError."""
    if not top.has("event"):
        if top.has("status") and (top.has("external_id") or top.has("paid_amount")):
            return f"invoice.{(top.text('status') or 'unknown').lower()}"
        raise UntranslatableError("event_missing")
    name = top.text("event")
    if name is None:
        raise UntranslatableError("event_malformed")
    return name


def _is_connection_test(top: Section, data: Section) -> bool:
    ids = [data.text(key) for key in ("payment_request_id", "reference_id")]
    return not SAMPLE_IDS.isdisjoint([*ids, top.text("id"), top.text("external_id")])


def _addressee(top: Section, data: Section, context: TranslationContext) -> str | None:
    """Why a webhook is not for us, if so."""
    if context.account_id is not None:
        stated = {top.identifier("business_id"), data.identifier("business_id")}
        if not top.has("event"):
            stated.add(top.identifier("user_id"))
        if stated - {None, context.account_id}:
            return "wrong_account"
    return "wrong_environment" if wrong_environment(context.production, top, data) else None
