"""Toko, an invented provider: a shared token in a header, one event, an account."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from multidict import MultiMapping

from providers.identity import content_key, dedupe_key
from providers.provider import Provider
from providers.section import Section
from providers.substance import substance
from providers.verification import Rejected, Verified, verify_static_token
from schemas import streams
from schemas.facts import PaymentSucceeded
from schemas.translation import Effect, Fact, Translation, TranslationContext

NAME = "toko"
HEADER = "x-toko-token"
ZONE = ZoneInfo("Asia/Jakarta")


def verify(headers: MultiMapping[str], body: bytes, secrets: Sequence[str]) -> Verified | Rejected:
    return verify_static_token(headers, HEADER, secrets)


def subject(top: Section) -> str | None:
    return top.section("sale").identifier("number")


def translate(document: object, context: TranslationContext) -> Translation:
    top = Section.of(document, ZONE)
    name = top.text("kind")
    if top.text("merchant") not in (None, context.account_id):
        return Translation(Effect.QUARANTINED, name, content_key(NAME, name, top), reason="wrong_account")
    if name != "sold":
        return Translation(Effect.UNKNOWN, name, content_key(NAME, name, top))
    sale = top.required("sale")
    number = sale.identifier("number") or ""
    sold = PaymentSucceeded(
        provider=NAME,
        payment_key=number,
        attempt_id=number,
        amount=sale.amount("rupiah"),
        payment_type="credit_topup",
        customer_ref=sale.reference("buyer"),
        occurred_at=sale.moment("at") or context.received_at,
    )
    fact = Fact(streams.payment(NAME, number), sold)
    return Translation(Effect.FACTS, name, dedupe_key(NAME, number), substance(name, (fact,)), (fact,))


TOKO = Provider(
    name=NAME,
    webhooks=True,
    verify=verify,
    translate=translate,
    subject=subject,
    zone=ZONE,
    earlier_paths=("/hooks/old-toko",),
    account_setting="app_url",
)
