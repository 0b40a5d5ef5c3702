"""Problems of speaking about held money: somebody else was faster, or there is nothing to take back."""

from __future__ import annotations

from schemas.problem_kind import ProblemKind

SUSPENSE_KINDS = (
    ProblemKind(
        "suspense_not_found",
        404,
        "Held money not found",
        "Nothing is or was held under this id.",
        "Tidak ada uang yang tertahan dengan id ini.",
        field="suspense_id",
    ),
    ProblemKind(
        "suspense_already_done",
        409,
        "Already done",
        "Nothing was changed: {reason}.",
        "Tidak ada yang diubah: {reason}.",
        field="suspense_id",
    ),
    ProblemKind(
        "suspense_nothing_to_undo",
        409,
        "Nothing to undo",
        "Nobody has claimed it or written it off, or that was taken back already. What a provider sent back cannot be taken back.",
        "Belum ada yang mengklaim atau menghapusbukukannya, atau sudah dibatalkan. Dana yang sudah dikirim penyedia tidak dapat dibatalkan.",
        field="suspense_id",
    ),
    ProblemKind(
        "suspense_no_rest",
        409,
        "The rest cannot be asked for",
        "The rest of it cannot be asked for: {reason}. Nothing was changed.",
        "Sisanya tidak dapat diminta: {reason}. Tidak ada yang diubah.",
        field="suspense_id",
    ),
)
