"""Why held money may be a customer's, as a sentence in English and Indonesian. None quotes an address, a number or a name."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.languages import Language
from schemas.money import spelled

CANDIDATE_REASONS: dict[str, tuple[str, str]] = {
    "owner": (
        "it is this customer's already; only what it is for is unclear",
        "uang ini sudah milik pelanggan ini; hanya tujuannya yang belum jelas",
    ),
    "reference": (
        "it carries the reference {request} of a payment that this customer was asked for",
        "uang ini membawa referensi {request} dari pembayaran yang diminta dari pelanggan ini",
    ),
    "named": (
        "the payment names this customer's id, written in another way",
        "pembayaran menyebut id pelanggan ini dengan penulisan lain",
    ),
    "email": ("the payer's e-mail is this customer's", "e-mail pembayar adalah milik pelanggan ini"),
    "email_alias": (
        "the payer's e-mail is this customer's but for an alias or dots",
        "e-mail pembayar sama dengan milik pelanggan ini selain alias atau titik",
    ),
    "email_near": (
        "the payer's e-mail differs from this customer's by {signs} characters",
        "e-mail pembayar berbeda {signs} karakter dari milik pelanggan ini",
    ),
    "email_mailbox": (
        "the payer's e-mail has this customer's mailbox at another host",
        "e-mail pembayar memakai nama kotak surat pelanggan ini di host lain",
    ),
    "phone": (
        "the payer's phone number is this customer's",
        "nomor telepon pembayar adalah milik pelanggan ini",
    ),
    "earlier_payments": (
        "the same payer paid for this customer before: {count} payments",
        "pembayar yang sama pernah membayar untuk pelanggan ini: {count} pembayaran",
    ),
    "open_request": (
        "this customer alone was asked for {amount} ({request}), {minutes} minutes before, and has not paid it",
        "hanya pelanggan ini yang diminta {amount} ({request}), {minutes} menit sebelumnya, dan belum membayarnya",
    ),
    "open_request_shared": (
        "this customer was asked for {amount} ({request}), {minutes} minutes before, and has not paid it; so were {others} others",
        "pelanggan ini diminta {amount} ({request}), {minutes} menit sebelumnya, dan belum membayarnya; begitu juga {others} lainnya",
    ),
    "open_request_channel": ("by the same means of payment", "dengan cara pembayaran yang sama"),
    "name": (
        "the payer's name is this customer's; names are weak",
        "nama pembayar sama; nama adalah tanda lemah",
    ),
}


def explained(reason: str, values: Mapping[str, object], language: Language) -> str:
    """The sentence. Raises KeyError for an unknown reason."""
    english, indonesian = CANDIDATE_REASONS[reason]
    amount = values.get("amount")
    if isinstance(amount, int):
        values = {**values, "amount": spelled(amount, language)}
    return (indonesian if language == "id" else english).format(**values)
