"""From what an application wants to a request that a provider can be asked for; everything is checked here, before anybody is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.checkout.phones import indonesian_mobile
from api.checkout.wanted import Wanted
from providers.xendit.payable import PAYABLE, PROVIDER, PayableChannel
from runtime.pay_pages import public_url
from schemas.catalog import Catalog
from schemas.checkout_api import TopUpBody
from schemas.periods import Period
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.settings import Settings

ONE_DAY = "24h"
TOPUP_PAGE = "/subscription/topup"  # of the source application, where GoPay sends the payer back


def topup_wanted(body: TopUpBody, catalog: Catalog, settings: Settings) -> Wanted:
    """Raises Problem, which names the field."""
    amounts = catalog.credit.topup_amounts_idr
    if body.amount not in amounts:
        offered = ", ".join(map(str, amounts))
        raise Problem("amount_not_offered", field="amount", amounts=offered)
    channel = _channel(body)
    if not channel.least <= body.amount <= channel.most:
        raise Problem("amount_refused", field="amount")
    more: dict[str, object] = {}
    if channel.code == "GOPAY":
        # A wallet sends its payer back: to the application, or else to our payment page.
        if settings.app_url:
            more["return_url"] = settings.app_url.rstrip("/") + TOPUP_PAGE
        elif public_url(settings) is None:
            raise Problem("provider_not_configured", provider="GoPay (APP_URL)", field="ewallet_channel")
    return Wanted(
        kind="topup",
        provider=PROVIDER,
        customer_id=body.customer_id,
        amount_idr=body.amount,
        description=f"Top-up Rp {body.amount}",
        method=channel.method,
        channel=channel.code,
        lasts=Period.parse(catalog.credit.topup_expiry.get(channel.expiry, ONE_DAY)),
        mobile_number=_mobile(body, channel),
        second=body.allow_second,
        credit=catalog.credit,
        more=more,
    )


def _channel(body: TopUpBody) -> PayableChannel:
    if body.payment_method == "qris":
        return PAYABLE["QRIS"]
    field = "va_channel" if body.payment_method == "va" else "ewallet_channel"
    given = body.va_channel if body.payment_method == "va" else body.ewallet_channel
    codes = [code for code, channel in PAYABLE.items() if channel.method == body.payment_method]
    offered = ", ".join(codes)
    if given is None or not given.strip():
        raise Problem("channel_required", field=field, channels=offered)
    name = given.strip().upper()
    found = name if name in codes else f"{name}_VIRTUAL_ACCOUNT"
    if found not in codes:
        raise Problem("channel_unknown", field=field, channels=offered)
    return PAYABLE[found]


def _mobile(body: TopUpBody, channel: PayableChannel) -> str | None:
    if channel.code != "OVO":
        return None
    if body.mobile_number is None or not body.mobile_number.strip():
        raise Problem("phone_required", field="mobile_number")
    number = indonesian_mobile(body.mobile_number)
    if number is None:
        raise Problem("phone_invalid", field="mobile_number")
    return number
