"""What a delivery says in substance: amounts, currency, states, ids, payer, products. Two deliveries with one dedupe key must agree on it."""

from __future__ import annotations

from schemas.translation import Fact

_SUBSTANCE = {
    "payment_key",
    "attempt_id",
    "group_id",
    "aliases",
    "amount",
    "requested_amount",
    "gross_amount",
    "lines",
    "currency",
    "provider_status",
    "status",
    "customer_ref",
    "payer_email",
    "products",
    "subscription_key",
    "refund_id",
    "dispute_id",
    "order_key",
    "report",
    "licence_code",
    "member_id",
    "cycle_id",
    "payment_id",
    "expires_at",
    "final",
}


def substance(event_name: str | None, facts: tuple[Fact, ...], **further: object) -> dict[str, object]:
    """JSON values only. `further` adds what no fact carries; times of delivery or receipt never enter."""
    said: dict[str, object] = {"event": event_name}
    for fact in facts:
        said[fact.event.TYPE] = fact.event.model_dump(mode="json", include=_SUBSTANCE, exclude_none=True)
    said.update({name: value for name, value in further.items() if value is not None})
    return said
