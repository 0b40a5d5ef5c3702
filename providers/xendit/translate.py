"""From a Xendit webhook to facts. Pure: the same document and context give the same translation.

Envelope: `{event, business_id, created, api_version?, data}`; `created` is the time of this delivery attempt and is ignored. The Invoice
API's callback is a flat object without `event`. Every event name is in `events.MEANINGS`; others are stored without effect.
"""

from __future__ import annotations

from providers.identity import content_key, dedupe_key, wrong_environment
from providers.money import refuse_unrecognised_money
from providers.section import Section
from providers.substance import substance
from providers.xendit import disputes, payloads, payments, recurring
from providers.xendit.amounts import STATED
from providers.xendit.events import MEANINGS, SAMPLE_ACCOUNTS, SAMPLE_IDS, Meaning
from providers.xendit.keys import event_key, invoice_key
from providers.xendit.products import Callback, is_our_own_money, recognised
from providers.xendit.zone import ZONE
from schemas.errors import UntranslatableError
from schemas.translation import Effect, Fact, Translation, TranslationContext

_ACCOUNT_KEYS = ("business_id", "user_id", "owner_id")
_SAMPLE_KEYS = ("id", "payment_id", "payment_request_id", "reference_id", "external_id")


def translate(document: object, context: TranslationContext) -> Translation:
    """Raises UntranslatableError or AmountError when an authentic webhook cannot be read safely."""
    top = Section.of(document, ZONE)
    data = top.section("data")
    product = recognised(top)
    event_name = product.name if product is not None else _event_name(top)
    if _is_connection_test(top, data, context):
        return Translation(Effect.TEST, event_name, content_key("xendit", event_name, top))
    mistaken = _addressee(top, data, context)
    if mistaken is not None:
        key = content_key("xendit", event_name, top)
        return Translation(Effect.QUARANTINED, event_name, key, reason=mistaken)
    meaning = MEANINGS.get(event_name)
    body = data if top.has("data") else top
    disputed = disputes.meaning_of(event_name, body) if meaning is None else meaning
    if disputed in disputes.MEANINGS and disputed is not None:
        return _dispute(event_name, disputed, body, top, context)
    if meaning is None and product is not None:
        return _of_product(product, top, context)
    if not top.has("event"):
        return (
            _unknown(event_name, top) if is_our_own_money(None, top) else _invoice(event_name, top, context)
        )
    if meaning is None:
        return _unknown(event_name, top)
    if meaning is Meaning.RECORD_ONLY:
        refuse_unrecognised_money(event_name, top, STATED)
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
    if meaning is Meaning.SESSION_COMPLETED and data.text("session_type") == "SUBSCRIPTION":
        return (recurring.announced(data, context.received_at),)
    if meaning in (Meaning.SESSION_COMPLETED, Meaning.SESSION_EXPIRED):
        session = payments.session(meaning, data, context.received_at)
        return (session,) if session is not None else ()
    return (payments.payment(event_name, meaning, data, context.received_at),)


def _invoice(event_name: str, top: Section, context: TranslationContext) -> Translation:
    fact = payments.invoice(top, context.received_at)
    if fact is None:
        return _unknown(event_name, top)
    facts = (fact,)
    return Translation(
        Effect.FACTS, event_name, invoice_key(event_name, top), substance(event_name, facts), facts
    )


def _of_product(product: Callback, top: Section, context: TranslationContext) -> Translation:
    """A callback of a single product, from beside the Payments API."""
    name, data = product.name, product.data
    account = top.identifier("business_id") or top.identifier("owner_id")
    ids = (data.identifier("id"), data.identifier("payment_id"), data.status("status"))
    key = dedupe_key("xendit", name, account, *ids) if any(ids[:2]) else content_key("xendit", name, top)
    if product.meaning is Meaning.RECORD_ONLY:
        return Translation(Effect.NO_EFFECT, name, key, substance(name, (), status=data.text("status")))
    if product.meaning in (Meaning.REFUND_SUCCEEDED, Meaning.REFUND_FAILED):
        fact = payments.refund(product.meaning, data, context.received_at)
    else:
        fact = payments.payment(name, product.meaning, data, context.received_at, product.aliases)
    return Translation(Effect.FACTS, name, key, substance(name, (fact,)), (fact,))


def _dispute(
    event_name: str, meaning: Meaning, body: Section, top: Section, context: TranslationContext
) -> Translation:
    fact = disputes.dispute(meaning, body, context.received_at)
    account = top.identifier("business_id") or body.identifier("business_id")
    named = (body.first_identifier("id", "dispute_id", "chargeback_id"), body.status("status"))
    key = dedupe_key("xendit", event_name, account, *named)
    return Translation(Effect.FACTS, event_name, key, substance(event_name, (fact,)), (fact,))


def _unknown(event_name: str, top: Section) -> Translation:
    """Stored without effect, unless it speaks of money that nobody would see then. Raises UntranslatableError."""
    if is_our_own_money(event_name, top):
        key = content_key("xendit", event_name, top)
        return Translation(Effect.NO_EFFECT, event_name, key, reason="our_own_money")
    refuse_unrecognised_money(event_name, top, STATED)
    return Translation(Effect.UNKNOWN, event_name, content_key("xendit", event_name, top))


def _event_name(top: Section) -> str:
    """The name, or `invoice.<status>` for the callback that has none. Raises UntranslatableError."""
    if not top.has("event"):
        if is_our_own_money(None, top):
            return "disbursement"
        if top.has("status") and (top.has("external_id") or top.has("paid_amount")):
            return f"invoice.{(top.text('status') or 'unknown').lower()}"
        raise UntranslatableError("event_missing")
    name = top.text("event")
    if name is None:
        raise UntranslatableError("event_malformed")
    return name


def _is_connection_test(top: Section, data: Section, context: TranslationContext) -> bool:
    """One of the examples that the dashboard's "Test and save" sends, whatever account of ours is configured."""
    accounts = {place.text(key) for place in (top, data) for key in _ACCOUNT_KEYS if key in place.values}
    if (accounts & SAMPLE_ACCOUNTS) - {context.account_id}:
        return True
    ids = {place.text(key) for place in (top, data) for key in _SAMPLE_KEYS if key in place.values}
    return not SAMPLE_IDS.isdisjoint(ids)


def _addressee(top: Section, data: Section, context: TranslationContext) -> str | None:
    """Why a webhook is not for us, if so."""
    if context.account_id is not None:
        stated = {top.identifier("business_id"), data.identifier("business_id")}
        if not top.has("event"):
            stated |= {top.identifier("user_id"), top.identifier("owner_id")}
        if stated - {None, context.account_id}:
            return "wrong_account"
    return "wrong_environment" if wrong_environment(context.production, top, data) else None
