"""What the calls about licences say of themselves, in Indonesian."""

from __future__ import annotations

LICENCE_INDONESIAN: dict[str, str] = {
    "A licence that is active, or is not any more.": "Lisensi yang aktif, atau tidak lagi.",
    "A licence, and of what it is.": "Sebuah lisensi, dan produknya.",
    "As the buyer got it; blanks around it do not count.": "Seperti yang diterima pembeli; spasi di sekelilingnya diabaikan.",
    "As the provider calls it.": "Seperti sebutan penyedia.",
    "False when it was so already.": "False bila sebelumnya sudah demikian.",
    "How long ago that was.": "Berapa lama yang lalu.",
    "Null where no webhook named it, as Mayar's of members.": "Null bila tidak ada webhook yang menyebutnya, seperti webhook anggota Mayar.",
    "Null when it has no end.": "Null bila tidak ada akhirnya.",
    "By its code, where a webhook named it; else by the payment that the provider says it was sold with. Null when neither tells.": (
        "Menurut kodenya, bila webhook menyebutnya; selain itu menurut pembayaran yang disebut penyedia. Null bila keduanya tidak diketahui."
    ),
    "Null when there is none, or nobody said.": "Null bila tidak ada, atau tidak disebut.",
    "Safe to repeat: to activate what is active changes nothing.": (
        "Aman diulang: mengaktifkan yang sudah aktif tidak mengubah apa pun."
    ),
    "Safe to repeat: to deactivate what is not active changes nothing.": (
        "Aman diulang: menonaktifkan yang tidak aktif tidak mengubah apa pun."
    ),
    "The provider is asked, and its word repeated for a while. While it cannot be asked, its last word or our own records answer, "
    "and `source` says so; where neither knows the licence the answer is 503, never that it is invalid.": (
        "Penyedia ditanya, dan jawabannya dipakai ulang sebentar. Selama penyedia tidak dapat ditanya, jawaban terakhirnya atau catatan "
        "kami yang menjawab, dan `source` menyebutnya; bila keduanya tidak mengenal lisensi itu jawabannya 503, bukan tidak berlaku."
    ),
    "The provider's id of the product, or the catalogue's. Without it our own records and the catalogue tell.": (
        "Id produk di penyedia, atau di katalog. Tanpa itu, catatan kami dan katalog yang menentukan."
    ),
    "The provider's id of the product; null when no product fits.": (
        "Id produk di penyedia; null bila tidak ada produk yang cocok."
    ),
    "What is known of a licence, from whom, and how old that is.": (
        "Yang diketahui tentang sebuah lisensi, dari siapa, dan sudah berapa lama."
    ),
    "What our own records say of it.": "Menurut catatan kami sendiri.",
    "When the provider said so; null for `records`.": "Kapan penyedia mengatakannya; null untuk `records`.",
    "Whether it can be used right now; its end counts by our own clock.": (
        "Apakah sekarang dapat dipakai; akhirnya dihitung menurut jam kami sendiri."
    ),
    "Who uses it: a licence that we know as another customer's is refused.": (
        "Siapa yang memakainya: lisensi yang kami kenal sebagai milik pelanggan lain ditolak."
    ),
    "Why the provider was not asked, or what became of it; null when all is well.": (
        "Mengapa penyedia tidak ditanya, atau hasilnya; null bila semua lancar."
    ),
    "`not_found`: the provider has no such licence of these products.": (
        "`not_found`: penyedia tidak punya lisensi ini untuk produk tersebut."
    ),
    "`provider`: asked just now; `cache`: its last answer; `records`: it cannot be asked, and this is what its webhooks told us.": (
        "`provider`: baru saja ditanya; `cache`: jawaban terakhirnya; `records`: penyedia tidak dapat ditanya, dan ini yang diberitahukan "
        "webhook-nya."
    ),
}
