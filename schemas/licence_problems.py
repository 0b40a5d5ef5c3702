"""Problems of licences. A provider's own words are never among them, and what could not be asked is never called invalid."""

from __future__ import annotations

from schemas.problem_kind import ProblemKind

LICENCE_KINDS = (
    ProblemKind(
        "licence_unverified",
        503,
        "Licence unverified",
        "The provider of this licence cannot be asked at the moment ({problem}), and our own records do not know it. That does not mean that "
        "it is invalid: try again shortly.",
        "Penyedia lisensi ini sedang tidak dapat ditanya ({problem}), dan catatan kami tidak mengenalnya. Bukan berarti lisensinya tidak "
        "berlaku: coba lagi sebentar.",
        members=("problem",),
        field="licence_code",
    ),
    ProblemKind(
        "licence_outcome_unknown",
        503,
        "Licence outcome unknown",
        "The provider did not say what became of it. The same call again is safe, and tells.",
        "Penyedia tidak memberi tahu hasilnya. Panggilan yang sama aman diulang, dan akan memberi tahu.",
        field="licence_code",
    ),
    ProblemKind(
        "licence_not_found",
        404,
        "Licence not found",
        "The provider knows no such licence of this product.",
        "Penyedia tidak mengenal lisensi ini untuk produk tersebut.",
        field="licence_code",
    ),
    ProblemKind(
        "licence_expired",
        409,
        "Licence expired",
        "This licence has expired.",
        "Lisensi ini sudah kedaluwarsa.",
        field="licence_code",
    ),
    ProblemKind(
        "licence_limit_reached",
        409,
        "Licence limit reached",
        "This licence is in use as often as it may be.",
        "Lisensi ini sudah dipakai sebanyak yang diperbolehkan.",
        field="licence_code",
    ),
    ProblemKind(
        "licence_of_another_customer",
        409,
        "Licence of another customer",
        "This licence belongs to another customer.",
        "Lisensi ini milik pelanggan lain.",
        field="licence_code",
    ),
    ProblemKind(
        "product_id_required",
        422,
        "Product id required",
        "Neither our records nor the catalogue say which product this licence is of: send `{field}`.",
        "Catatan kami maupun katalog tidak menyebut produk lisensi ini: kirim `{field}`.",
    ),
)
