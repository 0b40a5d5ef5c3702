"""What the calls and models of held money say of themselves, in Indonesian."""

from __future__ import annotations

SUSPENSE_INDONESIAN: dict[str, str] = {
    "`id` of the listing of held money.": "`id` dari daftar uang tertahan.",
    "By provider and span; what nobody told the amount of counts, with no rupiah.": (
        "Per penyedia dan rentang waktu; yang jumlahnya tidak pernah disebut ikut dihitung, tanpa rupiah."
    ),
    "Ranked by what speaks for them; nothing is decided by it. Signs that only the webhook's bytes hold, the payer's phone number "
    "and name, are weighed for operators alone (`lunas suspense candidates`). At most ten.": (
        "Diurutkan menurut tanda yang mendukung; tidak ada yang diputuskan olehnya. Tanda yang hanya ada di isi webhook, yaitu nomor "
        "telepon dan nama pembayar, hanya ditimbang untuk operator (`lunas suspense candidates`). Paling banyak sepuluh."
    ),
    "It is granted like any other payment, a moment later. Of two claims at once the first counts, and the other is told by whom.": (
        "Diberikan seperti pembayaran lain, sesaat kemudian. Dari dua klaim bersamaan yang pertama berlaku, dan yang lain diberi tahu "
        "oleh siapa."
    ),
    "The newest first; everything is as if nobody had said it: what a claim granted is taken back, spent or not, and what was recorded as gone back by "
    "hand is held again. Money that a provider sent back is not fetched again.": (
        "Yang terbaru lebih dulu; semuanya seakan-akan tidak pernah dinyatakan: yang diberikan klaim ditarik kembali, terpakai atau tidak, dan yang dicatat "
        "sudah kembali dengan tangan tertahan lagi. Uang yang sudah dikirim penyedia tidak diambil kembali."
    ),
    "Through its provider, as any refund; or, with a proof, recorded as gone back by hand where the provider gives nothing back.": (
        "Lewat penyedianya, seperti pengembalian lain; atau, dengan bukti, dicatat sudah kembali dengan tangan bila penyedia tidak "
        "mengembalikan dana."
    ),
    "The ledger moves it to `forfeited`. It can be taken back.": (
        "Buku besar memindahkannya ke `forfeited`. Dapat dibatalkan."
    ),
    "Why, in your own words.": "Alasannya, dengan kata sendiri.",
    "Who in your team; without it the key alone is named.": "Siapa di tim Anda; tanpa ini hanya kuncinya yang disebut.",
    "Whose held money is, and what for where that is unclear.": (
        "Pemilik uang tertahan, dan untuk apa bila itu belum jelas."
    ),
    "A product of the catalogue, or `credit`; without it, what the payment says.": (
        "Produk katalog, atau `credit`; tanpa ini, yang dinyatakan pembayarannya."
    ),
    "Takes the newest word back, or the record of a refund by hand.": (
        "Membatalkan pernyataan terbaru, atau catatan pengembalian dengan tangan."
    ),
    "What its payer was asked for besides, because less had come than was asked for.": (
        "Yang diminta lagi dari pembayarnya, karena yang masuk kurang dari yang diminta."
    ),
    "Of the request for the rest alone; what is paid for it counts with what is held.": (
        "Milik permintaan untuk sisanya saja; yang dibayar untuk itu dihitung bersama yang tertahan."
    ),
    "Rupiah that were missing when it was asked for.": "Rupiah yang masih kurang saat diminta.",
    "Whether it can be paid still. What is paid later counts all the same.": (
        "Apakah masih bisa dibayar. Yang dibayar setelahnya tetap dihitung."
    ),
    "Why its provider would not have it, or why nobody knows yet whether it did.": (
        "Mengapa penyedianya menolak, atau mengapa belum ada yang tahu apakah ia menerimanya."
    ),
    "What was asked for besides, the last time; null where nothing was.": (
        "Yang terakhir diminta lagi; null bila tidak ada."
    ),
    "The refund by which held money is on its way to its payer. Nobody can claim it meanwhile.": (
        "Pengembalian yang sedang membawa uang tertahan ke pembayarnya. Selama itu tidak dapat diklaim."
    ),
    "Of `GET /v1/refunds/{refund_id}`.": "Dari `GET /v1/refunds/{refund_id}`.",
    "`reserved` until its provider took it on, then `pending`.": (
        "`reserved` sampai penyedianya menerima, lalu `pending`."
    ),
    "Who asked for it.": "Siapa yang memintanya.",
    "Null unless it is on its way back to its payer. When nothing comes of that it is held as before.": (
        "Null kecuali sedang dikembalikan ke pembayarnya. Bila tidak berhasil, uang tetap tertahan seperti semula."
    ),
    "Whether there is something that `undo` takes back: a claim, a write-off, a refund by hand.": (
        "Apakah ada yang dapat dibatalkan dengan `undo`: klaim, penghapusbukuan, pengembalian dengan tangan."
    ),
    "Closes held money.": "Menutup uang tertahan.",
    "What goes back of held money.": "Yang dikembalikan dari uang tertahan.",
    "Without it everything that is held.": "Tanpa ini, seluruh yang tertahan.",
    "Given, it says that the money went back by hand already, and what shows that; the provider is not asked.": (
        "Bila diisi, uangnya sudah kembali dengan tangan, dan inilah buktinya; penyedia tidak dihubungi."
    ),
    "What a person did about it.": "Yang dilakukan seseorang terhadapnya.",
    "Of the audit record.": "Dari catatan audit.",
    "One entry, whatever became of it, and what people did about it.": (
        "Satu entri, apa pun yang terjadi padanya, dan yang dilakukan orang."
    ),
    "Null while it is held.": "Null selama tertahan.",
    "Null where the rules released it.": "Null bila dilepaskan oleh aturan.",
    "One thing that speaks for a customer.": "Satu tanda yang mendukung seorang pelanggan.",
    "A sentence, in English or Indonesian by Accept-Language.": (
        "Satu kalimat, dalam bahasa Inggris atau Indonesia menurut Accept-Language."
    ),
    "A customer whose money it may be.": "Pelanggan yang mungkin pemilik uangnya.",
    "Points of all reasons together.": "Jumlah poin semua alasan.",
    "Customers whose money it may be, the likeliest first.": (
        "Pelanggan yang mungkin pemilik uangnya, yang paling mungkin lebih dulu."
    ),
    "What was said and recorded. What follows shows at `position` and behind it: pass it as `min_position`.": (
        "Yang dinyatakan dan dicatat. Akibatnya terlihat pada `position` dan sesudahnya: kirim sebagai `min_position`."
    ),
    "Whether it can be taken back with `undo`.": "Apakah dapat dibatalkan dengan `undo`.",
    "What of one provider has waited so long.": "Yang dari satu penyedia sudah menunggu selama itu.",
    "Null for the last span.": "Null untuk rentang terakhir.",
    "Entries whose amount the provider never told.": "Entri yang jumlahnya tidak pernah disebut penyedia.",
    "Held money by how long it has waited, the youngest first.": (
        "Uang tertahan menurut lama menunggu, yang termuda lebih dulu."
    ),
}
