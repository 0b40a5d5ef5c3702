"""Callbacks of Xendit's single products, from before and beside the Payments API: QR codes, fixed virtual accounts, retail outlets,
e-wallets, paylater, direct debit, cards.

Each is recognised by its event name or, where it has none, by the fields that only it has, and read as one payment object. Sources:
https://archive.developers.xendit.co/api-reference (sections QR Codes, Virtual Accounts, Retail Outlets, eWallets, PayLater, Direct Debit).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from providers.section import Section
from providers.xendit.events import Meaning

_PRODUCTS = (
    r"qr|qr_code|qris|ewallet|e_wallet|linkaja|dana|ovo|shopeepay|paylater|pay_later|direct_debit|retail_outlet|retail|"
    r"fixed_payment_code|over_the_counter|virtual_account|fixed_virtual_account|fva|va|callback_virtual_account|"
    r"credit_card|card|cards|bank_transfer"
)
_PAYMENT_NAME = re.compile(
    rf"({_PRODUCTS})[._](payment|payments|charge|capture|paid)([._](?P<state>succeeded|success|completed|paid|failed|pending|expired))?"
)
_UNDO_NAME = re.compile(
    rf"({_PRODUCTS}|payment|capture|charge|invoice|payment_request)[._]"
    r"(?P<undo>refund|refunded|void|voided|reversal|reversed)([._](?P<state>succeeded|success|completed|failed|pending))?"
)
_STATES = {
    "succeeded": "SUCCEEDED",
    "success": "SUCCEEDED",
    "completed": "SUCCEEDED",
    "paid": "SUCCEEDED",
    "failed": "FAILED",
    "pending": "PENDING",
    "expired": "EXPIRED",
}
_UNDO_MEANINGS = {
    "PENDING": Meaning.RECORD_ONLY,
    "FAILED": Meaning.REFUND_FAILED,
    "CANCELLED": Meaning.REFUND_FAILED,
    "CANCELED": Meaning.REFUND_FAILED,
}
"""A refund that is under way has no effect yet; every other word for it must agree with success, or it is parked."""
_OURS = re.compile(
    r"(payout|payouts|disbursement|batch_disbursement|remittance|transfer|withdrawal|topup_balance|report|cash_advance)[._]"
)
_COMES_IN = re.compile(r"received|incoming|credited|deposit")
_METHODS = {
    "qr": "QRIS", "virtual_account": "VIRTUAL_ACCOUNT", "fixed_virtual": "VIRTUAL_ACCOUNT", "callback_virtual": "VIRTUAL_ACCOUNT",
    "fva": "VIRTUAL_ACCOUNT", "va.": "VIRTUAL_ACCOUNT", "va_": "VIRTUAL_ACCOUNT",
    "direct_debit": "DIRECT_DEBIT", "paylater": "PAYLATER", "pay_later": "PAYLATER", "ewallet": "EWALLET", "e_wallet": "EWALLET",
    "retail": "RETAIL_OUTLET", "fixed_payment": "RETAIL_OUTLET", "over_the_counter": "RETAIL_OUTLET",
    "card": "CARD", "credit_card": "CARD", "linkaja": "LINKAJA", "dana": "DANA", "ovo": "OVO", "shopeepay": "SHOPEEPAY",
}  # fmt: skip
_PAID_WORDS = frozenset({"SUCCESS_COMPLETED", "SETTLING", "SETTLED", "SUCCESS", "SUCCESSFUL"})


_PAID_AT = ("paid_at", "transaction_timestamp", "payment_timestamp", "transaction_date", "timestamp")
"""When it was paid, most telling first; each product has its own."""

_FURTHER_IDS = (
    "charge_id",
    "account_number",
    "payment_code",
    "callback_virtual_account_id",
    "qr_id",
    "fixed_payment_code_id",
    "fixed_payment_code_payment_id",
)
"""What else a person may look such a payment up by."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A product's callback: a name for it, what it means, its fields under the names of a payment object, and further ids of it."""

    name: str
    meaning: Meaning
    data: Section
    aliases: tuple[str, ...] = ()


def is_our_own_money(event_name: str | None, top: Section) -> bool:
    """Money that we sent, not a payer: disbursements and payouts. It buys nothing and is nobody's refund."""
    if event_name is not None and top.has("event"):
        name = event_name.lower()
        return _OURS.match(f"{name}.") is not None and _COMES_IN.search(name) is None
    return any(top.has(key) for key in ("disbursement_description", "disbursements", "payout_url"))


def recognised(top: Section) -> Callback | None:
    """The callback of a single product, or None when this is none that we know."""
    name = top.text("event")
    if name is None:
        return None if top.has("event") else _by_shape(top)
    data = top.required("data") if isinstance(top.values.get("data"), dict) else top
    undo, paid = _named(name)
    if undo is not None:
        return _undone(name, undo, data)
    if paid is not None:
        # A virtual account's and an outlet's payment has no status, wrapped or not: its ids and its time say that it was paid.
        told = data.has("payment_id") and data.has("transaction_timestamp")
        method = next((one for start, one in _METHODS.items() if name.lower().startswith(start)), None)
        return _paid(name, data, paid["state"] or ("paid" if told else None), method=method)
    return None


@lru_cache(maxsize=256)
def _named(name: str) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """Whether an event's name is that of money undone, or paid. Remembered: a few names come again and again."""
    return _UNDO_NAME.fullmatch(name.lower()), _PAYMENT_NAME.fullmatch(name.lower())


def _by_shape(top: Section) -> Callback | None:
    """Older callbacks have no event name; fields that only one product has tell which it is. An invoice may name the product it was paid by."""
    if top.has("merchant_name") or top.has("paid_amount") or top.has("invoice_url"):
        return None
    paid_account = top.has("callback_virtual_account_id") or (top.has("account_number") and top.has("amount"))
    if paid_account and (top.has("payment_id") or top.has("transaction_timestamp")):
        return _paid("fixed_virtual_account.payment", top, "paid", method="VIRTUAL_ACCOUNT")
    if top.has("account_number") and (
        top.has("is_closed") or top.has("expected_amount") or top.has("is_single_use")
    ):
        return Callback("fixed_virtual_account.updated", Meaning.RECORD_ONLY, top)
    if top.has("fixed_payment_code_payment_id") or top.has("fixed_payment_code_id"):
        return _paid("retail_outlet.payment", top, "paid", method="RETAIL_OUTLET")
    if top.has("retail_outlet_name") and top.has("payment_code"):
        if top.has("payment_id") or top.has("transaction_timestamp"):
            return _paid("retail_outlet.payment", top, "paid", method="RETAIL_OUTLET")
        return Callback("retail_outlet.updated", Meaning.RECORD_ONLY, top)
    if top.has("ewallet_type"):
        return _paid("ewallet.payment", top, None, method="EWALLET")
    if top.has("qr_code") or top.has("qr_id"):
        return _paid("qr.payment", top, None, method="QRIS")
    return None


def _paid(name: str, data: Section, state: str | None, *, method: str | None = None) -> Callback:
    """One payment. `state` is what the name says, for bodies without a status."""
    fields: dict[str, Any] = dict(data.values)
    status = (data.status("status") or data.status("payment_status") or _STATES.get(state or "", "")).upper()
    fields["status"] = "SUCCEEDED" if status in _PAID_WORDS else status or None
    code = data.section("qr_code")
    fields["reference_id"] = (
        data.identifier("reference_id") or data.identifier("external_id") or code.identifier("external_id")
    )
    aliases = [*(data.identifier(key) for key in _FURTHER_IDS), code.identifier("id")]
    fields["paid_at"] = next((value for key in _PAID_AT if (value := data.values.get(key))), None)
    fields["channel_code"] = _channel(data, method)
    if data.section("payment_method").text("type") is None:
        fields["payment_method"] = {"type": method}
    known = tuple(alias for alias in aliases if alias is not None)
    return Callback(name, Meaning.BY_STATUS, Section(fields, data.zone, data.path), known)


def _channel(data: Section, method: str | None) -> str | None:
    """The channel as sent. A QR code is paid from anybody's wallet, and a bank's name alone would not say that it is a virtual account."""
    if method == "QRIS":
        return method
    sent = [data.text(key) for key in ("channel_code", "bank_code", "retail_outlet_name", "ewallet_type")]
    channel = next((one for one in sent if one is not None), None)
    return f"{channel}_VIRTUAL_ACCOUNT" if channel and method == "VIRTUAL_ACCOUNT" else channel or method


def _undone(name: str, undo: re.Match[str], data: Section) -> Callback:
    """A refund or a void, as a refund object. A void gives back the whole charge; its charge is the payment it undoes."""
    fields: dict[str, Any] = dict(data.values)
    voided = undo["undo"].startswith(("void", "revers"))
    status = (
        data.status("void_status") or data.status("status") or _STATES.get(undo["state"] or "", "")
    ).upper()
    if status in ("VOIDED", "REFUNDED", "REVERSED", "COMPLETED", *_PAID_WORDS) or (
        not status and undo["undo"].endswith("ed")
    ):
        status = "SUCCEEDED"
    fields["status"] = status or None
    charge = data.first_identifier(
        "charge_id",
        "payment_id",
        "qr_payment_id",
        "qrpy_id",
        "direct_debit_id",
        "direct_debit_payment_id",
        "capture_id",
        "invoice_id",
        "payment_request_id",
    )
    own = data.identifier("id")
    if charge is None and undo["undo"].startswith("void"):
        charge = own
    fields["payment_id"] = charge
    fields["id"] = f"void-{charge}" if voided and (own is None or own == charge) else own
    return Callback(
        name, _UNDO_MEANINGS.get(status, Meaning.REFUND_SUCCEEDED), Section(fields, data.zone, data.path)
    )
