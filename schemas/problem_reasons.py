"""Why a parameter or a body is wrong, in the words of a problem's text: English and Indonesian."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.languages import Language
from schemas.shape import name_told

REASONS: dict[str, tuple[str, str]] = {
    # Parameters.
    "unknown_parameter": ("this call does not know it", "panggilan ini tidak mengenalnya"),
    "given_twice": ("it is given twice", "diberikan dua kali"),
    "whole_number": (
        "a whole number from {low} to {high} is expected",
        "harus bilangan bulat dari {low} sampai {high}",
    ),
    "cursor": (
        "pass `next_cursor` of an earlier answer unchanged",
        "kirim `next_cursor` dari jawaban sebelumnya tanpa diubah",
    ),
    "email_expected": ("an e-mail address is expected", "harus berupa alamat e-mail"),
    "customer_id": (
        "1 to 128 letters, digits or . _ : @ + | - are expected, beginning with a letter or digit",
        "harus 1 sampai 128 huruf, angka, atau . _ : @ + | - dan diawali huruf atau angka",
    ),
    "printable_ascii": (
        "1 to {high} printable ASCII characters are expected",
        "harus 1 sampai {high} karakter ASCII yang dapat dicetak",
    ),
    # Products that cannot be ordered.
    "price_missing": ("it has no price in the catalogue", "tidak ada harganya di katalog"),
    "store_id_missing": (
        "the catalogue names no variant and no bundle of the store for it",
        "katalog tidak menyebut varian atau bundel toko untuknya",
    ),
    "no_plan": ("it is no plan", "bukan paket langganan"),
    "plan_reference_missing": (
        "the catalogue has no beginning of references (`plan_references`) that means this plan alone",
        "katalog tidak punya awalan referensi (`plan_references`) yang hanya berarti paket ini",
    ),
    "period_too_short": (
        "its period is no number of whole days, months or years",
        "masanya bukan kelipatan hari, bulan, atau tahun",
    ),
    # Payments that cannot be refunded.
    "refund_no_api": (
        "this provider gives money back at its dashboard only",
        "penyedia ini hanya mengembalikan uang lewat dasbornya",
    ),
    "refund_channel": (
        "this channel takes money in and never gives any back",
        "kanal ini tidak dapat mengembalikan uang",
    ),
    "refund_whole_only": (
        "this channel gives back the whole amount only",
        "kanal ini hanya mengembalikan seluruh nominal",
    ),
    "refund_too_late": (
        "the days in which this channel gives money back are over",
        "batas waktu pengembalian dana kanal ini sudah lewat",
    ),
    "refund_declined": (
        "the provider does not give it back for this payment",
        "penyedia tidak mengembalikan dana untuk pembayaran ini",
    ),
    "refund_left": (
        "{left} rupiah of it can still go back",
        "yang masih dapat dikembalikan Rp {left}",
    ),
    # Held money that somebody else spoke about.
    "already_claimed": (
        "it was already claimed for {customer} by {by} at {at}",
        "sudah diklaim untuk {customer} oleh {by} pada {at}",
    ),
    "already_written_off": (
        "it was already written off by {by} at {at}",
        "sudah dihapusbukukan oleh {by} pada {at}",
    ),
    "already_reopened": (
        "what was said about it was taken back already, by {by} at {at}",
        "pernyataan tentangnya sudah dibatalkan, oleh {by} pada {at}",
    ),
    "already_refunding": (
        "it is already going back to the payer ({refund}), by {by} since {at}",
        "sudah dikembalikan ke pembayar ({refund}), oleh {by} sejak {at}",
    ),
    "already_released": (
        "it is not held any more: {resolution} by {by} at {at}",
        "tidak tertahan lagi: {resolution} oleh {by} pada {at}",
    ),
    "already_asking": (
        "{amount} rupiah were already asked for ({request}), by {by} since {at}, until {until}",
        "sisa Rp {amount} sudah diminta ({request}), oleh {by} sejak {at}, sampai {until}",
    ),
    # Rests that cannot be asked for, each with what to do instead.
    "rest_not_short": (
        "only money that is less than was asked for has one",
        "hanya uang yang kurang dari yang diminta yang punya sisa",
    ),
    "rest_not_ours": (
        "we did not ask for this payment ourselves; send the payer to where they paid, and what comes for the same payment is added",
        "pembayaran ini bukan permintaan kita; arahkan pembayar ke tempat ia membayar, dan yang masuk untuk pembayaran yang sama ditambahkan",
    ),
    "rest_store_prices": (
        "{provider} takes its own prices alone; settle the rest with the payer yourself, then claim what came, or refund it",
        "{provider} hanya menerima harganya sendiri; selesaikan sisanya dengan pembayar, lalu klaim yang masuk, atau kembalikan",
    ),
    "rest_by_hand": (
        "nobody is called for what is paid by hand; tell the payer yourself, and confirm it with `lunas manual confirm`",
        "tidak ada yang dihubungi untuk pembayaran manual; beri tahu pembayar sendiri, lalu konfirmasi dengan `lunas manual confirm`",
    ),
    "rest_partly_back": (
        "some of what came went back already; refund the rest of it, or claim it as credit",
        "sebagian uang yang masuk sudah dikembalikan; kembalikan sisanya, atau klaim sebagai kredit",
    ),
    "rest_too_small": (
        "{amount} rupiah are less than the {minimum} that {provider} takes; claim what came as credit, or refund it",
        "Rp {amount} lebih kecil dari Rp {minimum} yang diterima {provider}; klaim yang masuk sebagai kredit, atau kembalikan",
    ),
    "rest_being_counted": (
        "something came for it just now; look again in a moment",
        "baru saja ada uang yang masuk untuknya; lihat lagi sebentar lagi",
    ),
    "resolution_granted": ("granted", "diberikan"),
    "resolution_refunded": ("refunded", "dikembalikan"),
    "resolution_written_off": ("written off", "dihapusbukukan"),
    "resolution_changed": ("changed", "berubah"),
    "by_the_rules": ("the rules", "aturan"),
    # Bodies as a whole: the first ones are named as `schemas.strict_json` names them.
    "empty_body": ("it is empty", "isinya kosong"),
    "not_json": ("it is not JSON", "bukan JSON"),
    "not_utf8": ("it is not UTF-8", "bukan UTF-8"),
    "byte_order_mark": ("it begins with a byte order mark", "diawali byte order mark"),
    "too_deep": ("it is nested too deeply", "bersarang terlalu dalam"),
    "duplicate_key": ("a key occurs twice", "ada kunci yang muncul dua kali"),
    "nul_character": ("it contains a NUL character", "berisi karakter NUL"),
    "lone_surrogate": ("it contains half of a surrogate pair", "berisi separuh pasangan surrogate"),
    "number_too_long": ("a number is too long", "ada angka yang terlalu panjang"),
    "number_out_of_range": ("a number is too large or too small", "ada angka yang terlalu besar atau kecil"),
    "not_a_number": ("NaN and Infinity are no numbers", "NaN dan Infinity bukan angka"),
    "malformed": ("the request is malformed", "bentuk permintaan salah"),
    # Fields of a body, by pydantic's types of errors and by the words of our own validators.
    "missing": ("{field}: required", "{field}: wajib diisi"),
    "extra_forbidden": ("{field}: no such field", "{field}: tidak ada bidang ini"),
    "string_type": ("{field}: a text is expected", "{field}: harus berupa teks"),
    "bool_type": ("{field}: true or false is expected", "{field}: harus true atau false"),
    "list_type": ("{field}: a list is expected", "{field}: harus berupa daftar"),
    "too_short": ("{field}: no fewer than {low} in the list", "{field}: paling sedikit {low} dalam daftar"),
    "too_long": ("{field}: no more than {high} in the list", "{field}: paling banyak {high} dalam daftar"),
    "literal_error": ("{field}: one of {expected} is expected", "{field}: harus salah satu dari {expected}"),
    "string_empty": ("{field}: must not be empty", "{field}: tidak boleh kosong"),
    "string_too_short": ("{field}: at least {low} characters", "{field}: paling sedikit {low} karakter"),
    "string_too_long": ("{field}: at most {high} characters", "{field}: paling banyak {high} karakter"),
    "model_type": ("{field}: a JSON object is expected", "{field}: harus berupa objek JSON"),
    "int_type": ("{field}: a whole number is expected", "{field}: harus berupa bilangan bulat"),
    "greater_than_equal": ("{field}: at least {low}", "{field}: paling sedikit {low}"),
    "less_than_equal": ("{field}: at most {high}", "{field}: paling banyak {high}"),
    "nothing_used": (
        "{field}: tokens, papers or units of a meter must be given",
        "{field}: tokens, papers, atau units sebuah meter harus diisi",
    ),
    "meter_or_tokens": (
        "{field}: meter and units go together, and without tokens",
        "{field}: meter dan units harus bersama, tanpa tokens",
    ),
    "meter_unknown": (
        "the catalogue has no rate for this meter yet",
        "katalog belum punya tarif untuk meter ini",
    ),
    "no_email": ("{field}: this is no e-mail address", "{field}: ini bukan alamat e-mail"),
    "control_characters": (
        "{field}: control characters are not allowed",
        "{field}: karakter kendali tidak diperbolehkan",
    ),
    "wrong_value": ("{field}: this value is not accepted", "{field}: nilai ini tidak diterima"),
}


class Reason(NamedTuple):
    """One of `REASONS`, with what fills its braces."""

    code: str
    values: Mapping[str, object] = MappingProxyType({})

    def said(self, language: Language) -> str:
        """The text for a person."""
        en, indonesian = REASONS[self.code]
        values = {
            name: value.said(language) if isinstance(value, Reason) else value
            for name, value in self.values.items()
        }
        return (indonesian if language == "id" else en).format(**values)


def reason_of(error: dict[str, Any]) -> Reason:
    """Why pydantic refused a body, from one of `ValidationError.errors()`. Our own validators raise ValueError with a reason's code."""
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "value_error":
        kind = str(context.get("error"))
    low = context.get("min_length")
    if kind == "string_too_short" and low == 1:
        kind = "string_empty"
    values = {
        "field": ".".join(_place(part) for part in error["loc"]) or "body",
        # Words of our own model: pydantic writes them as 'a', 'b' or 'c'.
        "expected": str(context.get("expected", "")).replace("'", "").replace(" or ", ", "),
        "low": context.get("min_length", context.get("ge")),
        "high": context.get("max_length", context.get("le")),
    }
    return Reason(kind if kind in REASONS else "wrong_value", values)


def _place(part: object) -> str:
    """A field's name, or a number in a list."""
    return str(part) if isinstance(part, int) else name_told(str(part))
