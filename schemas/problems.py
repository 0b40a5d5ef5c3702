"""What the API answers when it cannot do what was asked (RFC 9457): stable codes with a text in English and Indonesian."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.checkout_problems import CHECKOUT_KINDS
from schemas.errors import LunasError
from schemas.languages import Language
from schemas.licence_problems import LICENCE_KINDS
from schemas.problem_kind import ProblemKind
from schemas.problem_reasons import Reason
from schemas.problem_titles import TITLES_IN_INDONESIAN
from schemas.refund_problems import REFUND_KINDS
from schemas.subscription_problems import SUBSCRIPTION_KINDS
from schemas.suspense_problems import SUSPENSE_KINDS

_KINDS = (
    ProblemKind(
        "unauthorized",
        401,
        "Unauthorized",
        "Send the API key as `Authorization: Bearer <key>`.",
        "Kirim kunci API sebagai `Authorization: Bearer <kunci>`.",
        field="Authorization",
    ),
    ProblemKind(
        "too_many_keys",
        429,
        "Too many wrong keys",
        "Too many wrong keys came from this address; try again after `Retry-After` seconds.",
        "Terlalu banyak kunci salah dari alamat ini; coba lagi setelah `Retry-After` detik.",
        field="Authorization",
    ),
    ProblemKind(
        "forbidden",
        403,
        "Forbidden",
        "This key may not do this; it needs the scope `{scope}`.",
        "Kunci ini tidak boleh melakukannya; perlu cakupan `{scope}`.",
        field="Authorization",
    ),
    ProblemKind(
        "key_of_a_customer",
        403,
        "Key of a customer",
        "This key is for one customer only, and this call is not about that customer.",
        "Kunci ini hanya untuk satu pelanggan, dan panggilan ini bukan tentang pelanggan itu.",
        field="Authorization",
    ),
    ProblemKind(
        "rate_limited",
        429,
        "Rate limited",
        "This key is used more often than it may be; try again shortly.",
        "Kunci ini dipakai lebih sering daripada yang diperbolehkan; coba lagi sebentar.",
        field="Authorization",
    ),
    ProblemKind(
        "not_found",
        404,
        "Not found",
        "There is nothing at this address; see /docs.",
        "Tidak ada apa pun di alamat ini; lihat /docs.",
    ),
    ProblemKind(
        "customer_not_found",
        404,
        "Customer not found",
        "No customer is registered under this id or e-mail.",
        "Tidak ada pelanggan terdaftar dengan id atau e-mail ini.",
        field="customer_id",
    ),
    ProblemKind(
        "payment_not_found",
        404,
        "Payment not found",
        "No payment is known under this id.",
        "Tidak ada pembayaran yang dikenal dengan id ini.",
        field="payment_id",
    ),
    ProblemKind(
        "method_not_allowed",
        405,
        "Method not allowed",
        "This address does not accept the method {method}.",
        "Alamat ini tidak menerima metode {method}.",
    ),
    ProblemKind(
        "body_too_large",
        413,
        "Body too large",
        "The body is larger than this API accepts.",
        "Isi permintaan lebih besar dari yang diterima API ini.",
        field="body",
    ),
    ProblemKind(
        "invalid_body",
        422,
        "Invalid body",
        "The body is not what this call expects: {reason}.",
        "Isi permintaan tidak sesuai: {reason}.",
        field="body",
    ),
    ProblemKind(
        "invalid_parameter",
        422,
        "Invalid parameter",
        "The parameter `{parameter}` is wrong: {reason}.",
        "Parameter `{parameter}` salah: {reason}.",
    ),
    ProblemKind(
        "idempotency_key_reused",
        422,
        "Idempotency key reused",
        "This Idempotency-Key was used for another request; use a new one.",
        "Idempotency-Key ini sudah dipakai untuk permintaan lain; pakai kunci baru.",
        field="Idempotency-Key",
    ),
    ProblemKind(
        "projection_behind",
        409,
        "Projection behind",
        "The data reflects position {position}, not yet {min_position}; try again shortly.",
        "Data baru mencapai posisi {position}, belum {min_position}; coba lagi sebentar.",
        field="min_position",
    ),
    ProblemKind(
        "conflict",
        409,
        "Conflict",
        "Somebody changed the same thing at the same time; try again.",
        "Ada yang mengubah hal yang sama pada saat yang sama; coba lagi.",
    ),
    ProblemKind(
        "insufficient_balance",
        409,
        "Insufficient balance",
        "{tokens} tokens are asked for, and {credit_tokens} can be spent.",
        "Diminta {tokens} token, sedangkan yang dapat dipakai {credit_tokens}.",
        members=("credit_tokens",),
        field="tokens",
    ),
    ProblemKind(
        "account_frozen",
        409,
        "Account frozen",
        "Nothing can be spent from this account until an operator has looked at it.",
        "Saldo akun ini belum dapat dipakai sampai diperiksa operator.",
        field="customer_id",
    ),
    ProblemKind(
        "quota_exceeded",
        409,
        "Quota exceeded",
        "This use does not fit in the quota `{quota}` of the tier in force; it starts anew at {resets_at}.",
        "Pemakaian ini melampaui kuota `{quota}` dari tingkat yang berlaku; kuota dimulai lagi pada {resets_at}.",
        members=("quota", "resets_at"),
    ),
    ProblemKind(
        "reference_reused",
        409,
        "Reference reused",
        "This `reference` was used for something else of this customer; use a new one.",
        "`reference` ini sudah dipakai untuk hal lain milik pelanggan ini; pakai yang baru.",
        field="reference",
    ),
    ProblemKind(
        "reservation_not_found",
        404,
        "Reservation not found",
        "This customer has no reservation with this id.",
        "Pelanggan ini tidak punya reservasi dengan id ini.",
        field="reservation_id",
    ),
    ProblemKind(
        "reservation_closed",
        409,
        "Reservation closed",
        "This reservation is over: it was {outcome}.",
        "Reservasi ini sudah selesai: {outcome}.",
        members=("outcome",),
        field="reservation_id",
    ),
    ProblemKind(
        "capture_exceeds_reservation",
        409,
        "Capture exceeds reservation",
        "{reserved} tokens are reserved, not {tokens}; spend the rest by itself.",
        "Yang direservasi {reserved} token, bukan {tokens}; sisanya dipakai lewat panggilan tersendiri.",
        members=("reserved",),
        field="tokens",
    ),
    ProblemKind(
        "unavailable",
        503,
        "Unavailable",
        "The database does not answer at the moment; try again shortly.",
        "Basis data sedang tidak menjawab; coba lagi sebentar.",
    ),
    ProblemKind(
        "internal_error",
        500,
        "Internal error",
        "Something went wrong on our side; it has been recorded.",
        "Ada kesalahan di sisi kami dan sudah dicatat.",
    ),
    *CHECKOUT_KINDS,
    *LICENCE_KINDS,
    *SUBSCRIPTION_KINDS,
    *REFUND_KINDS,
    *SUSPENSE_KINDS,
)

PROBLEMS: dict[str, ProblemKind] = {kind.code: kind for kind in _KINDS}


class Problem(LunasError):
    """A call ends here with this problem. `values` fill the braces of its text."""

    def __init__(self, code: str, *, headers: Mapping[str, str] | None = None, **values: object) -> None:
        self.kind = PROBLEMS[code]
        self.headers = dict(headers or {})
        self.values = values
        super().__init__(f"{code}: {self.detail('en')}")

    @property
    def field(self) -> str | None:
        """The field of the body, the parameter or the header that is wrong; None where it is none of them."""
        reason = self.values.get("reason")
        named = self.values.get("field") or self.values.get("parameter")
        if named is None and isinstance(reason, Reason):
            named = reason.values.get("field")
        return self.kind.field if named is None else str(named)

    def title(self, language: Language) -> str:
        """The kind of problem in a few words."""
        return TITLES_IN_INDONESIAN[self.kind.title] if language == "id" else self.kind.title

    def detail(self, language: Language) -> str:
        """The text for a person."""
        said = {
            name: value.said(language) if isinstance(value, Reason) else value
            for name, value in self.values.items()
        }
        return getattr(self.kind, language).format(**said)  # type: ignore[no-any-return]
