"""What the calls of credit say of themselves, in Indonesian."""

from __future__ import annotations

CREDIT_INDONESIAN: dict[str, str] = {
    "A cost in papers, likewise.": "Biaya dalam naskah, dengan cara yang sama.",
    "A cost in tokens: `allowed` says whether it could be used now.": (
        "Biaya dalam token: `allowed` menyatakan apakah bisa dipakai sekarang."
    ),
    "A reservation as it is after the call.": "Reservasi setelah panggilan ini.",
    "At most what is reserved; the rest goes back.": "Paling banyak sebesar reservasi; sisanya dikembalikan.",
    (
        "Counts against the quotas of the tier in force, by the calendar of Asia/Jakarta; on a tier that is paid from credit it spends "
        "credit. What does not fit is not recorded at all."
    ): (
        "Dihitung terhadap kuota tingkat yang berlaku menurut kalender Asia/Jakarta; pada tingkat yang dibayar dari saldo, saldo yang dipakai. "
        "Yang tidak muat tidak dicatat sama sekali."
    ),
    "Credit tokens, at least 1.": "Token saldo, paling sedikit 1.",
    "Credit was used up. `credit_tokens`: what is left.": "Saldo telah dipakai. `credit_tokens`: sisanya.",
    "How many; with `capture_exceeds_reservation`.": "Jumlahnya; bersama `capture_exceeds_reservation`.",
    "Id from the answer to the reservation.": "Id dari jawaban atas reservasi.",
    "Never more than there is, whoever else spends at the same time. The oldest top-up is used up first.": (
        "Tidak pernah lebih dari yang ada, siapa pun yang memakai pada saat yang sama. Isi saldo terlama dipakai lebih dahulu."
    ),
    "Nobody else can spend it until it is captured, released, or its time is over: then it gives itself up.": (
        "Tidak ada yang lain dapat memakainya sampai dipakai, dilepaskan, atau waktunya habis: lalu ia lepas sendiri."
    ),
    "Nothing can be spent until an operator has looked at it.": "Tidak ada yang dapat dipakai sampai diperiksa operator.",
    "Pass it as `min_position` to read your write.": "Kirim sebagai `min_position` untuk membaca tulisan sendiri.",
    "Reserved, or captured, or given up.": "Yang direservasi, dipakai, atau dilepaskan.",
    "Rupiah that the spent tokens had cost, by top-up.": "Rupiah harga token yang telah dipakai, menurut isi saldonya.",
    "Rupiah these tokens had cost, the oldest top-up first.": "Rupiah harga token ini, mulai dari isi saldo terlama.",
    "Set aside by reservations.": "Disisihkan oleh reservasi.",
    "Spent before its money went back; the next top-ups cover it.": (
        "Dipakai sebelum uangnya kembali; ditutup oleh isi saldo berikutnya."
    ),
    "The problem that reporting such a use would end in.": "Masalah yang akan timbul bila pemakaian seperti itu dilaporkan.",
    "The tier in force when it was used.": "Tingkat yang berlaku saat dipakai.",
    "Then it gives itself up; at most 7 days.": "Setelah itu lepas sendiri; paling lama 7 hari.",
    "Use was recorded; the quotas are as they are after it.": "Pemakaian tercatat; kuota adalah keadaan sesudahnya.",
    "What can be spent after it.": "Yang dapat dipakai sesudahnya.",
    "What can be spent: without what is reserved. Below zero only when money went back after it was spent.": (
        "Yang dapat dipakai, tanpa yang direservasi. Di bawah nol hanya bila uangnya kembali setelah dipakai."
    ),
    "What can be spent; with `insufficient_balance`.": "Yang dapat dipakai; bersama `insufficient_balance`.",
    "What for, in your words; kept.": "Untuk apa, dengan kata Anda; disimpan.",
    "What is to be set aside, before its cost is known.": "Yang akan disisihkan sebelum biayanya diketahui.",
    "What is to be used up.": "Yang akan dipakai.",
    "What it was; with `reservation_closed`.": "Apa yang terjadi; bersama `reservation_closed`.",
    "What of a reservation was used.": "Bagian reservasi yang dipakai.",
    "When it starts anew; with `quota_exceeded`.": "Kapan dimulai lagi; bersama `quota_exceeded`.",
    "Whether `tokens` and `papers` could be used now; null when neither was asked about.": (
        "Apakah `tokens` dan `papers` bisa dipakai sekarang; null bila tidak ditanyakan."
    ),
    "Which one; with `quota_exceeded`.": "Yang mana; bersama `quota_exceeded`.",
    "While it is open.": "Selama masih terbuka.",
    "A meter of `spend_rates` in the catalogue, instead of `tokens`; with `units`.": (
        "Sebuah meter dari `spend_rates` di katalog, sebagai ganti `tokens`; bersama `units`."
    ),
    "Of the meter. Tokens follow from its rate; what is left of one is carried to its next use.": (
        "Dari meter itu. Token mengikuti tarifnya; sisa pecahan token dibawa ke pemakaian berikutnya."
    ),
    "The rate by which units became tokens: `tokens` for every `per` units, as the catalogue of this version had it.": (
        "Tarif yang mengubah unit menjadi token: `tokens` untuk setiap `per` unit, menurut katalog versi ini."
    ),
    "The meter of the catalogue.": "Meter dari katalog.",
    "Units that were told.": "Unit yang dilaporkan.",
    "Tokens of the rate, for every `per` units.": "Token dari tarif, untuk setiap `per` unit.",
    "Units that the tokens of the rate are for.": "Unit yang menjadi dasar token dari tarif.",
    "From when the rate counts; null: from the beginning.": "Sejak kapan tarif berlaku; null: sejak awal.",
    "The catalogue that the rate was taken from.": "Katalog asal tarif itu.",
    "Part of a token that is left, as a fraction such as 1/2; it is added to the next use of this meter. 0: nothing.": (
        "Bagian token yang tersisa, sebagai pecahan seperti 1/2; ditambahkan ke pemakaian meter ini berikutnya. 0: tidak ada."
    ),
    "Of use that was told in units of a meter.": "Untuk pemakaian yang dilaporkan dalam unit sebuah meter.",
    "What of the product was used: tokens, or units of a meter whose rate the catalogue has; papers with either, or alone.": (
        "Pemakaian produk: token, atau unit sebuah meter yang tarifnya ada di katalog; papers bersama salah satunya, atau sendiri."
    ),
    "Your id of it: the same one counts once per customer, whatever happens on the way.": (
        "Id dari Anda: yang sama dihitung sekali per pelanggan, apa pun yang terjadi di jalan."
    ),
}
