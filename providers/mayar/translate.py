"""From a Mayar webhook to facts. Pure: the same document and context give the same translation.

Envelope: `{event, data}`, sometimes with a top-level `id`; older forms of the name are read too (`events.event_name`).
"""

from __future__ import annotations

from providers.identity import content_key, wrong_environment
from providers.mayar import payloads, payments, refunds, subscriptions
from providers.mayar.amounts import STATED
from providers.mayar.events import KNOWN, PAYMENTS, RECORD_ONLY, REFUNDS, SUBSCRIPTIONS, TESTS, event_name
from providers.mayar.keys import event_key
from providers.mayar.payloads import PROVIDER
from providers.mayar.zone import ZONE
from providers.money import refuse_unrecognised_money
from providers.section import Section
from providers.substance import substance
from schemas.errors import AmountError
from schemas.translation import Effect, Fact, Translation, TranslationContext


def translate(document: object, context: TranslationContext) -> Translation:
    """Raises UntranslatableError or AmountError when an authentic webhook cannot be read safely."""
    top = Section.of(document, ZONE)
    name = event_name(top)
    data = top.section("data")
    mistaken = _addressee(top, data, context)
    if mistaken is not None:
        return Translation(Effect.QUARANTINED, name, content_key(PROVIDER, name, top), reason=mistaken)
    if name in TESTS:
        return Translation(Effect.TEST, name, content_key(PROVIDER, name, top))
    if name not in KNOWN:
        refuse_unrecognised_money(name, top, STATED)
        return Translation(Effect.UNKNOWN, name, content_key(PROVIDER, name, top))
    if name in RECORD_ONLY:
        key = event_key(name, top, data, context.received_at)
        return Translation(Effect.NO_EFFECT, name, key, substance(name, (), status=data.text("status")))
    data = top.required("data")
    fact = _fact(name, top, data, context)
    key = event_key(name, top, data, context.received_at)
    return Translation(Effect.FACTS, name, key, _says(name, data, fact), (fact,))


def _fact(name: str, top: Section, data: Section, context: TranslationContext) -> Fact:
    if name in PAYMENTS:
        return payments.payment(PAYMENTS[name], top, data, context.received_at)
    if name in REFUNDS:
        return refunds.refund(data, context.received_at)
    return subscriptions.subscription(name, SUBSCRIPTIONS[name], data, context.received_at)


def _says(name: str, data: Section, fact: Fact) -> dict[str, object]:
    """The stated amount is part of it even when nothing was received yet."""
    return substance(name, (fact,), stated_amount=_stated_amount(data), payer=payloads.payer_email(data))


def _stated_amount(data: Section) -> int | str | None:
    try:
        return data.amount_if_any("amount")
    except AmountError:
        return str(data.values["amount"])[:50]


def _addressee(top: Section, data: Section, context: TranslationContext) -> str | None:
    """Why a webhook is not for us, if so."""
    merchant = data.identifier("merchantId")
    if context.account_id is not None and merchant is not None and merchant != context.account_id:
        return "wrong_account"
    return "wrong_environment" if wrong_environment(context.production, top, data) else None
