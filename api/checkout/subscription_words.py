"""What the calls and models of subscriptions say of themselves, in Indonesian."""

from __future__ import annotations

SUBSCRIPTION_INDONESIAN: dict[str, str] = {
    "`subscription_id` of the subscription.": "`subscription_id` langganan.",
    "A customer has one live subscription of a plan: asked for again, it is answered again. 202 says that the provider has not "
    "answered: no second plan is made, and the subscription itself says what became of it. Who has cancelled and comes back before what "
    "they paid for is over is charged first when it is: `first_charge_at`.": (
        "Seorang pelanggan punya satu langganan aktif per paket: bila diminta lagi, langganan itu dijawab lagi. 202 berarti penyedia belum "
        "menjawab: tidak dibuat paket kedua, dan langganan itu sendiri menunjukkan hasilnya. Yang sudah berhenti lalu kembali sebelum masa "
        "yang dibayar habis baru ditagih setelah masa itu habis: `first_charge_at`."
    ),
    "Access ends by the database's clock, with or without an event.": (
        "Akses berakhir menurut jam basis data, dengan atau tanpa kejadian."
    ),
    "It counts from this answer on; the provider is told to charge nothing more until it confirms. Money is not given back: that "
    "is a refund.": (
        "Berlaku sejak jawaban ini; penyedia diminta berhenti menagih sampai mengonfirmasi. Uang tidak dikembalikan: itu lewat "
        "pengembalian dana."
    ),
    "A plan is in force when a charge at its price was paid. 202 says that the provider has not answered yet.": (
        "Sebuah paket berlaku setelah tagihan dengan harganya dibayar. 202 berarti penyedia belum menjawab."
    ),
    "Id of a plan of the catalogue.": "Id paket langganan dalam katalog.",
    "Whose it is; a key of one customer needs it, and of somebody else's the call knows nothing.": (
        "Pemiliknya; diperlukan bagi kunci milik satu pelanggan, dan milik orang lain tidak dikenal."
    ),
    "A plan that a customer wants to be charged for regularly.": "Paket yang ingin dibayar pelanggan secara berkala.",
    "The provider's id of a stored wallet or card. Without one, the customer links one at `action_url`.": (
        "Id dompet atau kartu tersimpan milik penyedia. Tanpa itu, pelanggan menghubungkannya di `action_url`."
    ),
    "Make a further subscription although one of this plan is live.": (
        "Buat langganan lagi walaupun langganan paket ini masih berjalan."
    ),
    "When a subscription is to end.": "Kapan langganan berakhir.",
    "`now` ends access at once; `period_end` when what is paid for is over. Either way nothing more is charged.": (
        "`now` mengakhiri akses seketika; `period_end` setelah masa yang dibayar habis. Keduanya menghentikan penagihan."
    ),
    "The plan that a subscription is to go on with.": "Paket untuk kelanjutan langganan.",
    "`now`: the next period is charged today at the new price, and the new tier is in force when that is paid. "
    "`period_end`: with the next charge when it is due. `auto`: `now` for a tier above the one that is paid for, else `period_end`.": (
        "`now`: masa berikutnya ditagih hari ini dengan harga baru, dan tingkat baru berlaku setelah dibayar. `period_end`: bersama tagihan "
        "berikutnya pada waktunya. `auto`: `now` untuk tingkat yang lebih tinggi, selain itu `period_end`."
    ),
    "Ours; `provider_subscription_id` is the provider's.": "Id kami; `provider_subscription_id` adalah id penyedia.",
    "When it is charged first, where a subscription of this plan that goes on no more is paid for until then; null: as soon as a wallet or "
    "card is linked.": (
        "Kapan pertama kali ditagih, bila langganan paket ini yang tidak dilanjutkan sudah dibayar sampai saat itu; null: begitu dompet atau "
        "kartu ditautkan."
    ),
    "Why it failed; `never_linked` when it was ended because nobody linked anything in time.": (
        "Mengapa gagal; `never_linked` bila diakhiri karena tidak ada yang menautkan apa pun pada waktunya."
    ),
    "The plan in force, or asked for.": "Paket yang berlaku, atau yang diminta.",
    "What the next charge will be, in rupiah.": "Nilai tagihan berikutnya, dalam rupiah.",
    "The plan from the next charge on, where it is another one; null when it stays or ends.": (
        "Paket mulai tagihan berikutnya bila berbeda; null bila tetap atau berakhir."
    ),
    "Where the customer links a wallet or card; null when that is done.": (
        "Tempat pelanggan menghubungkan dompet atau kartu; null bila sudah."
    ),
    "A subscription as asked for. `position` is where the log stands with it: pass it as `min_position` to read your write.": (
        "Langganan seperti yang diminta. `position` adalah posisi log-nya: kirim sebagai `min_position` untuk membaca tulisan sendiri."
    ),
    "False when one of this plan was live already: this is that one.": (
        "False bila langganan paket ini sudah berjalan: inilah langganan itu."
    ),
    "A subscription after a word on its end or its plan. `position` is where the log stands with that word.": (
        "Langganan setelah permintaan tentang akhir atau paketnya. `position` adalah posisi log permintaan itu."
    ),
    "One step of a subscription's history: from `at` on it was so.": (
        "Satu langkah riwayat langganan: sejak `at` keadaannya begitu."
    ),
    "A subscription and what became of it; `history` is dated and oldest first.": (
        "Langganan dan hasilnya; `history` bertanggal, dari yang terlama."
    ),
    "A tier that was in force from `since` on, until the next change or its own end.": (
        "Tingkat yang berlaku sejak `since`, sampai perubahan berikutnya atau akhirnya sendiri."
    ),
    "Changes of a customer's tier.": "Perubahan tingkat seorang pelanggan.",
    "When it ends by the clock alone; null when it does not.": "Kapan berakhir menurut jam; null bila tidak berakhir.",
    "The tier that follows that end.": "Tingkat yang menyusul setelahnya.",
    "The newest one is in force until its `until`; then its `fallback_tier` is, by the database's clock. Before the first one it is "
    "the first tier of the catalogue.": (
        "Yang terbaru berlaku sampai `until`; setelah itu `fallback_tier`, menurut jam basis data. Sebelum yang pertama berlaku tingkat "
        "pertama katalog."
    ),
}
