"""Commands that change something: questions, what was done, how to undo it."""

from __future__ import annotations

ACTING: dict[str, tuple[str, str]] = {
    "act.recorded": ("Audit record: {act_id}", "Catatan audit: {act_id}"),
    "act.already": (
        "`{command}` was done already, by {by} at {at} (audit record {act_id}). Nothing was changed.",
        "`{command}` sudah dilakukan oleh {by} pada {at} (catatan audit {act_id}). Tidak ada yang diubah.",
    ),
    "act.undo": ("Undo: {undo}", "Membatalkan: {undo}"),
    "safety.needs_yes": (
        'Nobody is at the terminal to answer "{question}": add --yes when you are sure. Nothing was changed.',
        'Tidak ada orang di terminal untuk menjawab "{question}": tambahkan --yes bila yakin. Tidak ada yang diubah.',
    ),
    "safety.declined": ("Nothing was changed.", "Tidak ada yang diubah."),
    "safety.needs_filter": (
        "Name an id or at least one filter: everything at once is never meant. Nothing was changed.",
        "Sebutkan id atau setidaknya satu filter: semuanya sekaligus tidak pernah dimaksud. Tidak ada yang diubah.",
    ),
    "safety.over_cap": (
        "The filter finds more than {cap}: narrow it down, or raise --max. Nothing was changed.",
        "Filter menemukan lebih dari {cap}: persempit, atau naikkan --max. Tidak ada yang diubah.",
    ),
    "migrate.applied": ("Applied {count} migrations: {names}", "{count} migrasi diterapkan: {names}"),
    "migrate.waiting": (
        "Waiting for the database at {address}, up to {seconds} s.",
        "Menunggu basis data di {address}, paling lama {seconds} d.",
    ),
    "migrate.current": ("The schema is up to date.", "Skema sudah mutakhir."),
    "replay.nothing": ("Nothing fits; nothing was sent.", "Tidak ada yang cocok; tidak ada yang dikirim."),
    "replay.question": (
        "Send {count} through the pipeline again?",
        "Kirim {count} sekali lagi melalui pipa?",
    ),
    "replay.done": ("{count} sent through the pipeline again.", "{count} dikirim sekali lagi."),
    "replay.undo": (
        "not needed: what had its effect already is recognised as a duplicate",
        "tidak perlu: yang sudah berdampak dikenali sebagai duplikat",
    ),
    "dlq.discard_question": (
        "Close this letter ({amount}) without processing it?",
        "Tutup surat ini ({amount}) tanpa diproses?",
    ),
    "dlq.discarded": (
        "Dead letter {id} is closed; its bytes stay.",
        "Surat mati {id} ditutup; isinya tetap ada.",
    ),
    "dlq.settle_question": (
        "Book {amount} of this letter for customer {customer} ({product})?",
        "Bukukan {amount} dari surat ini untuk pelanggan {customer} ({product})?",
    ),
    "dlq.settled": (
        "Dead letter {id} is settled: {amount} of {customer}, {provider} {payment}.",
        "Surat mati {id} diselesaikan: {amount} milik {customer}, {provider} {payment}.",
    ),
    "dlq.settle_undo": (
        "lunas dlq unsettle {letter} --reason …",
        "lunas dlq unsettle {letter} --reason …",
    ),
    "dlq.not_settled": (
        "Nobody settled letter {id}. Nothing was changed.",
        "Surat {id} tidak pernah diselesaikan. Tidak ada yang diubah.",
    ),
    "dlq.unsettle_question": (
        "Take back what letter {id} was settled with? What it granted is taken back, spent or not.",
        "Tarik kembali penyelesaian surat {id}? Yang diberikan ditarik, sudah dipakai atau belum.",
    ),
    "unsay.nothing": (
        "There is nothing to take back: nobody said by hand that the money of {provider} {id} came. Nothing was changed.",
        "Tidak ada yang ditarik: tidak ada yang menyatakan sendiri uang {provider} {id} masuk. Tidak ada yang diubah.",
    ),
    "unsay.told_too": (
        "{provider} itself says since that the money of {id} came: taking a person's word back would change nothing. If it is read wrongly, `lunas correct`. "
        "Nothing was changed.",
        "{provider} sendiri kemudian menyatakan uang {id} masuk: menarik pernyataan orang tidak mengubah apa pun. Bila salah dibaca, `lunas correct`. Tidak "
        "ada yang diubah.",
    ),
    "unsay.already": (
        "{by} took that back already, {at}: `lunas revert {change}` lets it count again. Nothing was changed.",
        "{by} sudah menariknya, {at}: `lunas revert {change}` memberlakukannya lagi. Tidak ada yang diubah.",
    ),
    "dlq.settle_known": (
        "{provider} {id} is in the log already: `lunas payments show {provider} {id}`. Nothing was changed; if the letter says nothing"
        " else, discard it.",
        "{provider} {id} sudah ada di log: `lunas payments show {provider} {id}`. Tidak ada yang diubah; bila surat ini tidak menyebut"
        " hal lain, tutup saja.",
    ),
    "dlq.settle_product": (
        "{provider} sells by order: say what was bought with --product.",
        "{provider} menjual lewat pesanan: sebutkan yang dibeli dengan --product.",
    ),
    "dlq.settle_alarm": (
        "Dead letter {id} is not about money that is missing here. Next: {step}",
        "Surat mati {id} bukan tentang uang yang belum tercatat. Berikutnya: {step}",
    ),
    "dlq.reopen_question": ("Open this letter again?", "Buka kembali surat ini?"),
    "dlq.reopened": ("Dead letter {id} is open again.", "Surat mati {id} terbuka kembali."),
    "dlq.sent": (
        "Dead letter {id} is on its way; it resolves itself when it goes through.",
        "Surat mati {id} dikirim ulang; selesai sendiri bila berhasil.",
    ),
    "dlq.not_sent": (
        "Dead letter {id} was not sent ({detail}) and is open as before.",
        "Surat mati {id} tidak terkirim ({detail}) dan tetap terbuka.",
    ),
    "dlq.unreadable": (
        "Dead letter {id} cannot be replayed, its message was never readable ({detail}): discard it when it was looked at.",
        "Surat mati {id} tidak dapat diulang, pesannya tidak terbaca ({detail}): tutup setelah diperiksa.",
    ),
    "dlq.state": (
        "Dead letter {id} is already {status} by {by} at {at}. Nothing was changed.",
        "Surat mati {id} sudah {status} oleh {by} pada {at}. Tidak ada yang diubah.",
    ),
    "dlq.still": (
        "Dead letter {id} is {status}. Nothing was changed.",
        "Surat mati {id} berstatus {status}. Tidak ada yang diubah.",
    ),
    "suspense.no_customer": (
        "There is no customer {customer}: register it first (PUT /v1/customers/{customer}). Nothing was changed.",
        "Tidak ada pelanggan {customer}: daftarkan dahulu (PUT /v1/customers/{customer}). Tidak ada yang diubah.",
    ),
    "suspense.no_product": (
        "Nobody sells {product}; known are {known}. Nothing was changed.",
        "Tidak ada yang menjual {product}; yang dikenal: {known}. Tidak ada yang diubah.",
    ),
    "suspense.claim_question": (
        "Give {amount} to customer {customer} (product: {product})?",
        "Berikan {amount} kepada pelanggan {customer} (produk: {product})?",
    ),
    "suspense.claimed": (
        "{id} now belongs to customer {customer}.",
        "{id} sekarang milik pelanggan {customer}.",
    ),
    "suspense.not_claimed": (
        "Nobody has claimed {id}, or it was taken back already. Nothing was changed.",
        "Belum ada yang mengklaim {id}, atau klaimnya sudah dibatalkan. Tidak ada yang diubah.",
    ),
    "suspense.unclaim_question": (
        "Take {amount} back from customer {customer}, with all that it granted, spent or not?",
        "Tarik {amount} dari pelanggan {customer}, beserta semua yang diberikan, terpakai atau tidak?",
    ),
    "suspense.unclaimed": (
        "The claim of {id} for customer {customer} is taken back.",
        "Klaim {id} untuk pelanggan {customer} dibatalkan.",
    ),
    "suspense.held_again": ("Held again: {reason}.", "Tertahan lagi: {reason}."),
    "suspense.write_off_question": (
        "Close {amount} without granting anything?",
        "Tutup {amount} tanpa memberikan apa pun?",
    ),
    "suspense.written_off": ("{id} is written off.", "{id} dihapusbukukan."),
    "suspense.reopen_question": (
        "Take back that {amount} was written off, so that it waits again?",
        "Batalkan penghapusbukuan {amount}, sehingga menunggu lagi?",
    ),
    "suspense.unrefund_question": (
        "Take back that {amount} went back by hand ({proof}), so that it is held again?",
        "Batalkan catatan bahwa {amount} sudah dikembalikan dengan tangan ({proof}), sehingga tertahan lagi?",
    ),
    "suspense.unrefunded": (
        "{amount} of {id} did not go back by hand: refund {refund} is taken back.",
        "{amount} dari {id} tidak jadi dikembalikan dengan tangan: pengembalian {refund} dibatalkan.",
    ),
    "suspense.reopened": ("{id} is not written off any more.", "{id} tidak lagi dihapusbukukan."),
    "suspense.refund_question": (
        "Send {amount} back to whoever paid it, through {provider}?",
        "Kembalikan {amount} kepada pembayarnya, lewat {provider}?",
    ),
    "suspense.by_hand_question": (
        "Record that {amount} went back by hand ({proof})?",
        "Catat bahwa {amount} sudah dikembalikan dengan tangan ({proof})?",
    ),
    "suspense.refund_reserved": (
        "Refund {refund} of {amount} is reserved; a running API asks the provider within seconds.",
        "Pengembalian {refund} sebesar {amount} dicadangkan; API yang berjalan menghubungi penyedia dalam hitungan detik.",
    ),
    "suspense.given_back": (
        "{amount} of {id} went back by hand, recorded as refund {refund}.",
        "{amount} dari {id} sudah kembali dengan tangan, dicatat sebagai pengembalian {refund}.",
    ),
    "suspense.going_back": (
        "It is on its way back to the payer ({refund}), by {by} since {since}. When nothing comes of that it is held as before.",
        "Sedang dikembalikan ke pembayar ({refund}), oleh {by} sejak {since}. Bila tidak berhasil, uang tetap tertahan seperti semula.",
    ),
    "suspense.refund_undo": (
        "none: money that its provider sent back cannot be fetched again",
        "tidak ada: uang yang sudah dikirim penyedia tidak dapat diambil lagi",
    ),
    "suspense.refund_by_hand": (
        "{detail} Pay it back yourself, then record that: `lunas suspense refund {id} --by-hand --proof WHAT --reason WHY`.",
        "{detail} Kembalikan sendiri, lalu catat: `lunas suspense refund {id} --by-hand --proof BUKTI --reason ALASAN`.",
    ),
    "suspense.proof_needed": (
        "--by-hand and --proof belong together: the proof is what shows that it went back (a transfer's reference, a receipt). Nothing was changed.",
        "--by-hand dan --proof harus bersama: bukti menunjukkan uang sudah kembali (referensi transfer, kuitansi). Tidak ada yang diubah.",
    ),
    "suspense.outcome": ("Outcome: {resolution}.", "Hasil: {resolution}."),
    "suspense.what_for": (
        "It is held all the same ({reason}): say what it is for, with the id of a product or `credit`: "
        "lunas suspense claim {id} --customer {customer} --product PRODUCT --reason WHY",
        "Masih tertahan ({reason}): sebutkan untuk apa, dengan id produk atau `credit`: "
        "lunas suspense claim {id} --customer {customer} --product PRODUK --reason ALASAN",
    ),
    "suspense.outcome_pending": (
        "The outcome does not show yet; look with `lunas suspense list --all`.",
        "Hasilnya belum terlihat; lihat dengan `lunas suspense list --all`.",
    ),
    "projections.rebuild_question": (
        "Rebuild {name} beside the live one?",
        "Bangun ulang {name} di samping yang aktif?",
    ),
    "projections.rebuilding": (
        "Rebuilding {name} from the beginning of the log …",
        "Membangun ulang {name} dari awal log …",
    ),
    "projections.rebuilt": (
        "Nobody sees it yet: compare with `lunas projections verify {name}`, show it with `lunas projections switch {name}`.",
        "Belum terlihat: bandingkan dengan `lunas projections verify {name}`, tampilkan dengan `lunas projections switch {name}`.",
    ),
    "projections.rebuild_done": (
        "{name} version {version} is built.",
        "{name} versi {version} selesai dibangun.",
    ),
    "projections.switch_question": (
        "Show the newest generation of {name}?",
        "Tampilkan generasi terbaru {name}?",
    ),
    "projections.switch_done": (
        "{name} now shows version {version}.",
        "{name} sekarang menampilkan versi {version}.",
    ),
    "projections.rollback_question": (
        "Show the earlier generation of {name} again?",
        "Tampilkan lagi generasi {name} sebelumnya?",
    ),
    "projections.rollback_done": (
        "{name} shows version {version} again.",
        "{name} kembali menampilkan versi {version}.",
    ),
    "fulfilment.rebuild_question": (
        "Build cases and customers from the log and put them in the place of the live ones?",
        "Bangun ulang kasus dan pelanggan dari log dan gantikan yang sedang dipakai?",
    ),
    "fulfilment.rebuilding": ("Reading the log…", "Membaca log…"),
    "fulfilment.rebuilt": (
        "{cases} cases and {customers} customers were built; {undecided} cases will be decided again by the next round",
        "{cases} kasus dan {customers} pelanggan dibangun ulang; {undecided} kasus akan diputuskan lagi pada putaran berikutnya",
    ),
    "fulfilment.equal": (
        "{cases} cases and {customers} customers equal the log; {undecided} are to be decided again",
        "{cases} kasus dan {customers} pelanggan sama dengan log; {undecided} akan diputuskan lagi",
    ),
    "fulfilment.different": (
        "{count} cases or customers differ from the log: `lunas fulfilment rebuild` puts them right",
        "{count} kasus atau pelanggan berbeda dari log: `lunas fulfilment rebuild` membetulkannya",
    ),
    "fulfilment.no_grounds": (
        "the log holds decisions of an older program (the first at position {position}) that do not say what they rest on: "
        "cases cannot be built from it. The live ones are read as they are; restore their tables from a backup when they are lost",
        "log berisi keputusan program lama (yang pertama di posisi {position}) yang tidak menyebut dasarnya: "
        "kasus tidak dapat dibangun darinya. Tabel yang ada tetap dibaca; pulihkan dari cadangan bila hilang",
    ),
    "projections.equal": ("{name} equals the log", "{name} sama dengan log"),
    "projections.wrong": (
        "{name}: {count} things are not right, as the log itself says",
        "{name}: {count} hal tidak benar, menurut log itu sendiri",
    ),
    "projections.different": (
        "{name} differs from the log in {count} rows",
        "{name} berbeda dari log pada {count} baris",
    ),
    "simulate.production": (
        "Refused in production: invented payments, signed with your real secrets, would become real balances.",
        "Ditolak di produksi: pembayaran rekaan bertanda tangan rahasia asli akan menjadi saldo sungguhan.",
    ),
    "simulate.perhaps_production": (
        "Refused: LUNAS_ENV is not set, so this counts as production, where invented payments would become real balances. "
        "Set LUNAS_ENV=development if it is not.",
        "Ditolak: LUNAS_ENV belum diatur, jadi ini dianggap produksi, dan pembayaran rekaan akan menjadi saldo sungguhan. "
        "Atur LUNAS_ENV=development bila bukan.",
    ),
    "simulate.no_secret": (
        "There is no secret to sign with: set {variable}, or LUNAS_ENV=development.",
        "Tidak ada rahasia untuk menandatangani: atur {variable}, atau LUNAS_ENV=development.",
    ),
    "simulate.unknown_event_near": (
        "{provider} sends no event {event}. Did you mean {near}? It sends {known}.",
        "{provider} tidak mengirim peristiwa {event}. Maksud Anda {near}? Yang dikirim: {known}.",
    ),
    "simulate.unknown_event": (
        "{provider} sends no event {event}; it sends {known}.",
        "{provider} tidak mengirim peristiwa {event}; yang dikirim: {known}.",
    ),
    "simulate.never_late": (
        "{event} cannot be late; these can: {known}.",
        "{event} tidak bisa terlambat; yang bisa: {known}.",
    ),
    "simulate.choose": (
        "Send one: lunas simulate {provider} EVENT",
        "Kirim salah satu: lunas simulate {provider} PERISTIWA",
    ),
    "simulate.registered": ("{count} customers are registered.", "{count} pelanggan terdaftar."),
    "simulate.sent": (
        "{count} webhooks sent, {accepted} answered 200 (seed {seed}).",
        "{count} webhook dikirim, {accepted} dijawab 200 (benih {seed}).",
    ),
    "simulate.unanswered": ("not answered", "tidak dijawab"),
    "simulate.look": ("Look: lunas webhooks list", "Lihat: lunas webhooks list"),
}
