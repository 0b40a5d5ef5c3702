"""The web console: parked streams, requests verified again, corrections, the daily close, comparing now."""

from __future__ import annotations

PAGES_OF_CARE: dict[str, tuple[str, str]] = {
    "web.way.streams": ("Parked", "Diparkir"),
    "web.way.corrections": ("Corrections", "Koreksi"),
    "web.way.close": ("Daily close", "Tutup hari"),
    "web.streams": (
        "{amount} waits behind failed deliveries · streams: {streams} · waiting: {waiting}",
        "{amount} menunggu di belakang kiriman gagal · aliran: {streams} · menunggu: {waiting}",
    ),
    "web.streams_note": (
        "A payment, an order or a subscription whose delivery failed waits as a whole, so that nothing is decided on half a story. It goes on by "
        "itself when the letter at its head is replayed, settled or closed.",
        "Pembayaran, pesanan atau langganan yang kirimannya gagal menunggu seluruhnya, supaya tidak ada keputusan dari cerita yang setengah. "
        "Aliran berjalan lagi sendiri bila surat terdepannya diulang, diselesaikan atau ditutup.",
    ),
    "web.tile.lines": ("Waits behind failures", "Menunggu di belakang gagal"),
    "web.streams_count": ("streams: {count}", "aliran: {count}"),
    "web.parked_line": ("parked", "diparkir"),
    "web.line_about": ("what is known of it", "yang diketahui tentangnya"),
    "web.line_waits": (
        "Waiting behind what failed: {count}. It is taken in in this order.",
        "Menunggu di belakang yang gagal: {count}. Diterima menurut urutan ini.",
    ),
    "web.line_behind": ("What waits behind it", "Yang menunggu di belakangnya"),
    "web.line_empty": ("Nothing waits any more.", "Tidak ada lagi yang menunggu."),
    "web.line_heads": ("What holds it up", "Yang menahannya"),
    "web.line_no_head": (
        "Nothing holds it up any more: it is being taken in.",
        "Tidak ada lagi yang menahan: sedang diterima.",
    ),
    "web.tried": ("tried {count} times", "dicoba {count} kali"),
    "web.act.release": ("Let it go on although its head fails", "Jalankan walaupun yang terdepan gagal"),
    "web.act.release_note": (
        "What waits is taken in, in order. The letters stay open, and what they would have said can be added later. This cannot be undone.",
        "Yang menunggu diterima berurutan. Suratnya tetap terbuka, dan isinya bisa menyusul. Ini tidak bisa ditarik kembali.",
    ),
    "web.key_only": ("Programs send this with the key", "Program mengirim ini dengan kunci"),
    "web.key_only_note": (
        "Send the operator key as `Authorization: Bearer KEY`; a browser's session uses the page.",
        "Kirim kunci operator sebagai `Authorization: Bearer KUNCI`; sesi peramban memakai halamannya.",
    ),
    "web.where_body": (
        'Send one JSON object with one field: {{"where": "provider=xendit and since 2h"}}.',
        'Kirim satu objek JSON dengan satu kolom: {{"where": "provider=xendit and since 2h"}}.',
    ),
    "web.reverify": (
        "Verify {provider}'s rejected requests again",
        "Periksa lagi permintaan {provider} yang ditolak",
    ),
    "web.reverify_way": (
        "Was our secret wrong? Verify again what was rejected, and admit what is genuine:",
        "Rahasia kita yang keliru? Periksa lagi yang ditolak, dan terima yang asli:",
    ),
    "web.reverify_note": (
        "For when the wrong secret was configured here. Each request is verified over the bytes that were kept; what is genuine is admitted once, in "
        "the order it came, and what is not stays out.",
        "Untuk saat rahasia yang keliru terpasang di sini. Tiap permintaan diperiksa terhadap bita yang disimpan; yang asli diterima sekali menurut "
        "urutan datangnya, dan yang tidak asli tetap di luar.",
    ),
    "web.reverify_look": ("Show what would be admitted", "Tampilkan yang akan diterima"),
    "web.reverify_found": (
        "Genuine and not admitted yet: {count} · {amount}",
        "Asli dan belum diterima: {count} · {amount}",
    ),
    "web.reverify_no_secret": (
        "No secret of {provider} is configured: type the right one below, or set it and start the console again.",
        "Tidak ada rahasia {provider} yang diatur: ketik yang benar di bawah, atau atur lalu jalankan ulang konsol.",
    ),
    "web.tile.genuine": ("Genuine", "Asli"),
    "web.tile.forged": ("Not genuine", "Tidak asli"),
    "web.tile.admitted": ("Admitted before", "Sudah diterima"),
    "web.tile.kept": ("Kept in all", "Tersimpan seluruhnya"),
    "web.stay_out": ("stay out", "tetap di luar"),
    "web.each_once": ("each is taken in once", "masing-masing sekali"),
    "web.not_whole": ("not kept whole: {count}", "tidak utuh: {count}"),
    "web.act.admit": ("Admit these {count} ({amount})", "Terima {count} ini ({amount})"),
    "web.act.admit_note": (
        "They go to the queue as if they had just come. This cannot be undone: what was genuine is in the books like every webhook.",
        "Masuk ke antrean seolah baru datang. Ini tidak bisa ditarik kembali: yang asli tercatat seperti webhook lain.",
    ),
    "web.secret_again": ("The same secret once more", "Rahasia yang sama sekali lagi"),
    "web.other_secret": ("Try another secret", "Coba rahasia lain"),
    "web.other_secret_note": (
        "It is used for this look alone and kept nowhere. Several are separated by commas.",
        "Hanya dipakai untuk pemeriksaan ini dan tidak disimpan. Beberapa dipisah koma.",
    ),
    "web.right_secret": ("The right secret", "Rahasia yang benar"),
    "web.corrections_wait": (
        "Waiting for another person: {count} · {amount}",
        "Menunggu orang lain: {count} · {amount}",
    ),
    "web.no_corrections_wait": (
        "Nothing waits for another person.",
        "Tidak ada yang menunggu orang lain.",
    ),
    "web.corrections_note": (
        "What is read otherwise than its provider said. Bytes and facts stay as they are; each can be taken back, and then everything is as before. "
        "And what else waits, or waited, for a second person: claims, write-offs, refunds, settlements, confirmations of much money.",
        "Yang dibaca lain dari kata penyedianya. Bita dan fakta tetap; tiap koreksi bisa ditarik, dan semuanya kembali seperti semula. "
        "Juga hal lain yang menunggu atau pernah menunggu orang kedua: klaim, penghapusan, pengembalian, penyelesaian, konfirmasi uang besar.",
    ),
    "web.correction_of": ("Correction of {provider} {id}", "Koreksi {provider} {id}"),
    "web.col.read_otherwise": ("Read otherwise", "Dibaca lain"),
    "web.col.at_stake": ("At stake", "Dipertaruhkan"),
    "web.patch.amount": ("amount", "jumlah"),
    "web.patch.customer_id": ("customer", "pelanggan"),
    "web.patch.unsaid_at": ("a person's word that it came", "pernyataan orang bahwa uangnya masuk"),
    "web.act.unsettle": ("Take the settlement back", "Tarik kembali penyelesaiannya"),
    "web.act.unsettle_note": (
        "Everything is as if nobody had settled, and the letter waits again. It can be reverted.",
        "Semuanya seolah tidak pernah diselesaikan, dan suratnya menunggu lagi. Dapat dikembalikan.",
    ),
    "web.act.unconfirm": ("Take the confirmation back", "Tarik kembali konfirmasinya"),
    "web.act.unconfirm_note": (
        "Everything is as if nobody had confirmed, and the order waits for its money again. It can be reverted.",
        "Semuanya seolah tidak pernah dikonfirmasi, dan pesanannya menunggu uangnya lagi. Dapat dikembalikan.",
    ),
    "web.patch.product": ("product", "produk"),
    "web.patch.act": ("act", "tindakan"),
    "web.patch.target": ("done to", "terhadap"),
    "web.patch.proof": ("proof", "bukti"),
    "web.provider_said": ("As it was read before", "Dibaca sebelumnya"),
    "web.read_instead": ("Read instead", "Dibaca sekarang"),
    "web.needs_another": (
        "So much is at stake that another person decides: until then it changes nothing.",
        "Jumlahnya besar, jadi orang lain yang memutuskan: sampai saat itu tidak ada yang berubah.",
    ),
    "web.approve_not_mine": (
        "You proposed it, so somebody else approves it.",
        "Anda yang mengusulkan, jadi orang lain yang menyetujui.",
    ),
    "web.approve_role": ("An approver decides about it.", "Penyetuju yang memutuskan."),
    "web.act.approve": ("Let it count", "Setujui"),
    "web.act.approve_note": (
        "From then on the payment is read so, or what was proposed is done, and what follows is granted. Its record says whether it can be taken back.",
        "Sejak itu pembayarannya dibaca demikian, atau yang diusulkan dijalankan, dan yang mengikutinya diberikan. Catatannya menyebut apakah bisa ditarik.",
    ),
    "web.act.decline": ("Decline it", "Tolak"),
    "web.act.take_back": ("Take it back", "Tarik kembali"),
    "web.act.take_back_note": (
        "Everything is as if it had not been done; both versions stay visible.",
        "Semuanya seperti tidak pernah dilakukan; kedua versi tetap terlihat.",
    ),
    "web.act.revert_note": (
        "Everything is as if nobody had corrected anything. Both versions stay visible.",
        "Semuanya seolah tidak pernah dikoreksi. Kedua versi tetap terlihat.",
    ),
    "web.act.correct": ("Read it otherwise", "Baca lain"),
    "web.act.correct_note": (
        "Fill in only what the provider said wrongly. Its bytes and facts stay; what was granted is granted anew. Above {amount} another person approves it.",
        "Isi hanya yang keliru dari penyedia. Bita dan faktanya tetap; yang diberikan diberikan ulang. Di atas {amount} orang lain yang menyetujui.",
    ),
    "web.corrections_of": ("Corrections", "Koreksi"),
    "web.customer_right": ("Customer; empty: as it is", "Pelanggan; kosong: tetap"),
    "web.amount_right": ("Rupiah that were paid; empty: as it is", "Rupiah yang dibayar; kosong: tetap"),
    "web.product_right": ("Product; empty: as it is", "Produk; kosong: tetap"),
    "web.close_note": (
        "A day is what was recorded between two midnights in Jakarta, held against the ledger to the rupiah. Sealed, its figures stay for good.",
        "Satu hari adalah yang tercatat di antara dua tengah malam di Jakarta, dicocokkan dengan buku besar sampai ke rupiah. Setelah disegel, "
        "angkanya tetap selamanya.",
    ),
    "web.day": ("Day", "Hari"),
    "web.all_days": ("all days", "semua hari"),
    "web.sealed_chip": ("sealed", "disegel"),
    "web.unsealed": ("not sealed", "belum disegel"),
    "web.day_runs": ("The day is not over yet.", "Harinya belum selesai."),
    "web.close_differs": ("Differences: {count}", "Selisih: {count}"),
    "web.close_payments": ("payments", "pembayaran"),
    "web.close_paper": ("A page to print", "Halaman untuk dicetak"),
    "web.close_csv": ("Rows for a spreadsheet", "Baris untuk lembar kerja"),
    "web.act.seal": ("Seal the day", "Segel hari ini"),
    "web.act.seal_note": (
        "The figures are kept as they are now, for good; what is heard later is shown beside them. This cannot be undone.",
        "Angkanya disimpan seperti sekarang, selamanya; kabar yang datang kemudian ditampilkan di sampingnya. Ini tidak bisa ditarik kembali.",
    ),
    "web.act.compare": ("Compare {provider} now", "Cocokkan {provider} sekarang"),
    "web.act.compare_note": (
        "Reads the provider's own lists back to then, or to two days before the last complete comparison. What is missing here is given to the queue as its webhook "
        "would have been; no money is changed by itself.",
        "Membaca daftar penyedia sampai waktu itu, atau sampai dua hari sebelum pencocokan lengkap terakhir. Yang tidak ada di sini dimasukkan ke antrean seperti "
        "webhook-nya; tidak ada uang yang diubah dengan sendirinya.",
    ),
    "web.compare_since": ("Back to", "Sampai"),
    "web.comparing": (
        "{provider} is being compared; load this page again to see how far it is.",
        "{provider} sedang dicocokkan; muat ulang halaman ini untuk melihat perkembangannya.",
    ),
}
