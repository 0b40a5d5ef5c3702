"""Problems of giving money back. A provider's own words are never among them."""

from __future__ import annotations

from schemas.problem_kind import ProblemKind

REFUND_KINDS = (
    ProblemKind(
        "refund_not_supported",
        409,
        "Refund not supported",
        "This payment cannot be refunded through `{provider}`: {reason}.",
        "Pembayaran ini tidak dapat dikembalikan lewat `{provider}`: {reason}.",
        field="provider_payment_id",
    ),
    ProblemKind(
        "refund_exceeds_payment",
        409,
        "Refund exceeds payment",
        "This is more than can go back of this payment: {reason}.",
        "Ini melebihi yang dapat dikembalikan dari pembayaran ini: {reason}.",
        field="amount",
    ),
    ProblemKind(
        "refund_in_progress",
        409,
        "Refund in progress",
        "Another refund of this payment is under way at the provider; try again when it has ended.",
        "Pengembalian lain untuk pembayaran ini sedang diproses penyedia; coba lagi setelah selesai.",
        field="provider_payment_id",
    ),
    ProblemKind(
        "refund_funds_missing",
        409,
        "Refund funds missing",
        "Our balance at the provider does not cover this refund; we have recorded that.",
        "Saldo kami di penyedia tidak mencukupi pengembalian ini; hal ini sudah kami catat.",
        field="amount",
    ),
    ProblemKind(
        "refund_not_found",
        404,
        "Refund not found",
        "No refund is known under this id.",
        "Tidak ada pengembalian dana dengan id ini.",
        field="refund_id",
    ),
)
