"""From an operator's confirmation to facts.

The document is written by our own console, in the envelope the providers use::

    {"event": "payment.confirmed", "id": "<act id>",
     "data": {"order_id": str, "amount": int, "customer_id": str?, "email": str?, "payment_type": str?, "method": str?,
              "products": [{"id": catalogue id, "quantity": int}]?, "paid_at": ISO 8601?}}

The key is the order: confirming one order twice is one payment.
"""

from __future__ import annotations

from providers.identity import content_key, dedupe_key
from providers.manual.zone import ZONE
from providers.section import Section
from providers.substance import substance
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import PaymentSucceeded, ProductHint
from schemas.translation import Effect, Fact, Translation, TranslationContext

PROVIDER = "manual"
CONFIRMED = "payment.confirmed"


def translate(document: object, context: TranslationContext) -> Translation:
    """Raises UntranslatableError or AmountError when the confirmation is incomplete."""
    top = Section.of(document, ZONE)
    name = top.text("event")
    if name is None:
        raise UntranslatableError("event_malformed" if top.has("event") else "event_missing")
    if name != CONFIRMED:
        return Translation(Effect.UNKNOWN, name, content_key(PROVIDER, name, top))
    fact = _confirmed(top.required("data"), context)
    key = dedupe_key(PROVIDER, name, top.identifier("id") or top.required("data").identifier("order_id"))
    return Translation(Effect.FACTS, name, key, substance(name, (fact,)), (fact,))


def _confirmed(data: Section, context: TranslationContext) -> Fact:
    data.require_rupiah()
    order_id = data.identifier("order_id")
    if order_id is None:
        raise UntranslatableError("order_id_missing")
    paid_at = data.moment("paid_at")
    event = PaymentSucceeded(
        provider=PROVIDER,
        payment_key=order_id,
        attempt_id=order_id,
        aliases=(order_id,),
        amount=data.amount("amount"),
        method=data.text("method") or "manual",
        payment_type=data.text("payment_type"),
        reference_id=order_id,
        customer_ref=data.reference("customer_id"),
        payer_email=data.email("email"),
        products=tuple(_product(line) for line in data.sections("products")),
        provider_status="confirmed",
        occurred_at=paid_at or context.received_at,
        timed=paid_at is not None,
        paid_at=paid_at,
    )
    return Fact(streams.payment(PROVIDER, order_id), event)


def _product(line: Section) -> ProductHint:
    product = line.identifier("id")
    if product is None:
        raise UntranslatableError("products_malformed", line.path)
    return ProductHint(kind="catalog", value=product, quantity=line.quantity("quantity"))
