"""What the calls and models of refunds say of themselves, in Indonesian."""

from __future__ import annotations

REFUNDS_INDONESIAN: dict[str, str] = {
    "What is to go back is reserved before the provider is asked: refunds that are asked for at once never exceed their payment. "
    "202 says that the provider has not answered: nothing is refunded twice, and the refund itself says what became of it. What was bought "
    "is taken back when the money has gone.": (
        "Dana yang dikembalikan dicadangkan sebelum penyedia dipanggil: pengembalian yang diminta bersamaan tidak pernah melebihi "
        "pembayarannya. 202 berarti penyedia belum menjawab: tidak ada pengembalian ganda, dan pengembalian itu sendiri menunjukkan "
        "hasilnya. Yang dibeli ditarik kembali setelah dananya keluar."
    ),
    "`refund_id` of the refund.": "`refund_id` pengembalian dana.",
    "A payment, or a part of it, that is to go back to its payer.": (
        "Pembayaran, seluruhnya atau sebagian, yang harus kembali ke pembayarnya."
    ),
    "Any id that finds the payment, our own reference too.": (
        "Id apa pun yang menemukan pembayaran itu, termasuk referensi kami."
    ),
    "Without it everything that is left of the payment.": "Tanpa ini, seluruh sisa pembayaran.",
    "Why, for your records; requested_by_customer, duplicate, fraudulent and cancellation are told to the provider.": (
        "Alasannya, untuk catatan Anda; requested_by_customer, duplicate, fraudulent, dan cancellation disampaikan ke penyedia."
    ),
    "Ours; of a refund made at the provider, the provider and its id.": (
        "Id kami; untuk pengembalian yang dibuat di penyedia: nama penyedia dan id-nya."
    ),
    "`reserved`: nobody knows yet whether the provider took it on, ask again; `pending`: the money is on its way.": (
        "`reserved`: belum diketahui apakah penyedia menerimanya, tanyakan lagi; `pending`: dananya sedang dikirim."
    ),
    "Null for a refund that was made at the provider.": "Null untuk pengembalian yang dibuat di penyedia.",
    "When we learned how it ended.": "Kapan kami mengetahui hasil akhirnya.",
    "A refund as asked for. `position` is where the log stands with it: pass it as `min_position` to read your write.": (
        "Pengembalian dana seperti yang diminta. `position` adalah posisi log-nya: kirim sebagai `min_position` untuk membaca tulisan "
        "sendiri."
    ),
    "A refund and what became of it.": "Pengembalian dana dan hasilnya.",
}
