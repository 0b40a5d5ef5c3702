"""The parts that Mayar's payloads have in common: who pays, for what, when."""

from __future__ import annotations

from datetime import datetime

from providers.section import Section
from schemas.facts import ProductHint

PROVIDER = "mayar"

_METHODS = {
    "qris": "qris",
    "transfer": "va",
    "va": "va",
    "virtual_account": "va",
    "bank_transfer": "va",
    "ewallet": "ewallet",
    "gopay": "ewallet",
    "ovo": "ewallet",
    "dana": "ewallet",
    "shopeepay": "ewallet",
    "linkaja": "ewallet",
    "card": "card",
    "credit_card": "card",
}


def payer_email(data: Section) -> str | None:
    """`customerEmail`, else the nested forms of older payloads. `merchantEmail` is the seller's, never the payer's."""
    return (
        data.email("customerEmail")
        or data.section("customer").email("email")
        or data.section("membershipCustomer").email("customerEmail")
    )


def customer_ref(data: Section) -> str | None:
    """Our customer id, when we sent one on create and Mayar echoes it. Mayar's own `customerId` is not ours."""
    extra = data.section("extraData")
    return extra.reference("customerId") or extra.reference("customer_id")


def reference_id(data: Section) -> str | None:
    """Our checkout's id, echoed the same way."""
    return data.section("extraData").reference("checkoutId")


def products(data: Section) -> tuple[ProductHint, ...]:
    """What names the product, best first: product id, tier name, package. A display name decides nothing and is not read."""
    quantity = data.quantity("qty")
    named = (
        ("product", data.reference("productId")),
        ("tier", data.deciding("membershipTierName")),
        ("package", data.deciding("package")),
    )
    hints = [{"kind": kind, "value": value, "quantity": quantity} for kind, value in named if value]
    return tuple(ProductHint.model_validate(hint) for hint in hints)


def method_and_channel(data: Section) -> tuple[str | None, str | None]:
    """The method and the channel as sent: `QRIS`, `transfer`, `va/bni`, `ewallet/gopay`, …"""
    channel = data.text("paymentMethod")
    if channel is None:
        return None, None
    return _METHODS.get(channel.lower().partition("/")[0].strip()), channel


def expires_at(data: Section) -> datetime | None:
    """The end as stated, or None when none is. Raises UntranslatableError on one nobody can read: without an end, access would never end."""
    return data.moment_if_any("expiredAt") or data.section("membershipCustomer").moment_if_any("expiredAt")


def happened_at(data: Section) -> datetime | None:
    return data.moment("updatedAt", "createdAt")
