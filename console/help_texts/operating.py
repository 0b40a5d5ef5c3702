"""Help of the commands operators work with."""

from __future__ import annotations

OPERATING: dict[str, str] = {
    "Fields and events of webhooks that this version does not know: counted, with one delivery as an example.": (
        "Bidang dan peristiwa webhook yang tidak dikenal versi ini: dihitung, dengan satu kiriman sebagai contoh."
    ),
    "Only names and types are kept, never what stands there. Exit code 1 when there are some that nobody has acknowledged.": (
        "Hanya nama dan tipe yang disimpan, tidak pernah isinya. Kode keluar 1 bila ada yang belum diakui siapa pun."
    ),
    "Acknowledged ones too.": "Juga yang sudah diakui.",
    "Only this field or event.": "Hanya bidang atau peristiwa ini.",
    "Say that what bodies of this provider began to carry is known now. What comes newly after that is told again.": (
        "Nyatakan bahwa yang mulai dimuat badan webhook penyedia ini kini dikenal. Yang baru setelah itu dilaporkan lagi."
    ),
    "Cases and customers: compare with the log, build from it.": "Kasus dan pelanggan: bandingkan dengan log, bangun dari log.",
    "What was decided about each payment, subscription and customer so far: kept in tables, and a fold of the log.": (
        "Keputusan tentang tiap pembayaran, langganan dan pelanggan sejauh ini: disimpan di tabel, dan dapat dihitung ulang dari log."
    ),
    "Build cases and customers from the log in temporary tables, compare them with the live ones, and list every difference.": (
        "Bangun kasus dan pelanggan dari log di tabel sementara, bandingkan dengan yang aktif, dan tampilkan setiap perbedaan."
    ),
    "Nothing is changed. Exit code 1 when something differs.": "Tidak ada yang diubah. Kode keluar 1 bila ada yang berbeda.",
    "Build cases and customers from the log beside the live ones, then put them in their place. Grants nothing, and takes nothing back.": (
        "Bangun kasus dan pelanggan dari log di samping yang aktif, lalu gantikan yang aktif. Tidak memberi dan tidak mengambil apa pun."
    ),
    "Processes may go on: most of the log is read beside them, the end and the switch hold back what wants to write to the log.": (
        "Proses boleh tetap berjalan: sebagian besar log dibaca di sampingnya, akhir dan pergantian menahan yang ingin menulis ke log."
    ),
    "Find payments, deliveries, dead letters, rejected requests, held money and customers by anything you have.": (
        "Cari pembayaran, kiriman, surat mati, permintaan ditolak, uang tertahan dan pelanggan dengan apa pun yang ada."
    ),
    "An id of ours or of the provider's, an order number, an e-mail address, a phone number, a virtual account, a QR code or its reference, a licence, a product, or an amount in rupiah, alone or with a day: '75rb kemarin', 'Rp 50.000 29/11', '50000 2026-11-29' (WIB).": (
        "Id kita atau id penyedia, nomor pesanan, alamat e-mail, nomor telepon, nomor VA, kode QR atau referensinya, lisensi, produk, atau jumlah rupiah, "
        "sendiri atau dengan hari: '75rb kemarin', "
        "'Rp 50.000 29/11', '50000 2026-11-29' (WIB)."
    ),
    "One payment: what it is now, and its timeline.": "Satu pembayaran: keadaannya sekarang dan linimasanya.",
    "Show one payment and everything that happened to it: deliveries and their way here, decisions and their grounds, who was told.": (
        "Tampilkan satu pembayaran dan semua yang terjadi padanya: kiriman dan perjalanannya ke sini, keputusan dan dasarnya, siapa yang dikabari."
    ),
    "ID is any id the provider knows it by (payment, payment request, order, transaction), or our reference.": (
        "ID adalah id apa pun di penyedia (pembayaran, permintaan, pesanan, transaksi), atau referensi kami."
    ),
    "The exact bodies of its deliveries too; they may hold personal data.": (
        "Juga isi persis kirimannya; bisa memuat data pribadi."
    ),
    "Every delivery ever received: what became of it, how long it took, its exact bytes.": (
        "Setiap kiriman yang pernah diterima: hasilnya, lamanya, isi persisnya."
    ),
    "List deliveries, newest first, with their outcome and the time they took from HTTP to the log.": (
        "Daftar kiriman, terbaru dahulu, dengan hasil dan lamanya dari HTTP sampai log."
    ),
    "Only this provider.": "Hanya penyedia ini.",
    "Only deliveries with this outcome.": "Hanya kiriman dengan hasil ini.",
    "Only this event name, as the provider writes it.": "Hanya nama peristiwa ini, seperti ditulis penyedia.",
    "Only from then on: 2h, 30m, 3d, or an ISO 8601 time (WIB).": (
        "Hanya sejak saat itu: 2h, 30m, 3d, atau waktu ISO 8601 (WIB)."
    ),
    "Only those that took at least so many ms; of the last day, unless --since says more.": (
        "Hanya yang makan waktu setidaknya sekian ms; dari satu hari terakhir, kecuali --since menyebut lebih."
    ),
    "Rows at most.": "Baris paling banyak.",
    "Write the exact bytes of one delivery to stdout; their SHA-256 goes to stderr.": (
        "Tulis isi persis satu kiriman ke stdout; SHA-256-nya ke stderr."
    ),
    "The bytes are those that were signed. They may hold personal data.": (
        "Isinya persis yang ditandatangani. Bisa memuat data pribadi."
    ),
    "Send one stored delivery, or all that a filter finds, through the pipeline again.": (
        "Kirim satu kiriman tersimpan, atau semua yang cocok, sekali lagi melalui pipa."
    ),
    "What had its effect already changes nothing: the same business fact counts once, at any age. A replay helps where an "
    "earlier version did not understand a delivery.": (
        "Yang sudah berdampak tidak mengubah apa pun: fakta yang sama dihitung sekali, kapan pun. Ulangan berguna bila versi "
        "lama tidak memahami suatu kiriman."
    ),
    "With a filter it is a plan: what it would change is shown first, and then applied as `lunas replay apply` does, behind live traffic.": (
        "Dengan filter, ini sebuah rencana: yang akan berubah ditampilkan dulu, lalu dijalankan seperti `lunas replay apply`, di belakang lalu "
        "lintas biasa."
    ),
    "Refuse when the filter finds more than this.": "Tolak bila filter menemukan lebih dari ini.",
    "Why, in your own words; kept in the audit record.": "Alasannya, dengan kata sendiri; disimpan di catatan audit.",
    "Do it without asking; a script needs it for what is bulk or final.": (
        "Lakukan tanpa bertanya; skrip memerlukannya untuk yang massal atau final."
    ),
    "Taken as everywhere, though nothing is asked: it is one thing, and has a way back.": (
        "Diterima seperti di mana saja, meskipun tidak ada yang ditanyakan: hanya satu hal, dan bisa dibatalkan."
    ),
    "Show one delivery: how it was verified, what was derived from it, and its duplicates and replays.": (
        "Tampilkan satu kiriman: cara verifikasinya, turunannya, duplikat dan ulangannya."
    ),
    "The body may hold personal data and is shown by `lunas webhooks raw` only.": (
        "Isinya bisa memuat data pribadi dan hanya ditampilkan oleh `lunas webhooks raw`."
    ),
    "Dead letters: authentic messages that could not be processed. They wait, with their bytes, until somebody acts.": (
        "Surat mati: pesan asli yang tidak dapat diproses. Mereka menunggu, beserta isinya, sampai ada yang bertindak."
    ),
    "Close one dead letter without processing it. Its bytes stay, and it can be reopened.": (
        "Tutup satu surat mati tanpa diproses. Isinya tetap ada, dan bisa dibuka lagi."
    ),
    "Group unresolved letters by cause: how many, how much money, since when, and what to do next.": (
        "Kelompokkan surat yang belum selesai menurut penyebab: berapa, berapa uang, sejak kapan, langkah berikutnya."
    ),
    "List dead letters, newest first, with the money they speak of as far as it can be read.": (
        "Daftar surat mati, terbaru dahulu, dengan uang yang disebut sejauh terbaca."
    ),
    "Only letters with this reason code, as `lunas dlq groups` shows it.": (
        "Hanya surat dengan kode alasan ini, seperti pada `lunas dlq groups`."
    ),
    "Only this status; without it, those that are unresolved.": "Hanya status ini; tanpa ini, yang belum selesai.",
    "Say what a parked webhook could not: who paid how much for what. It is granted like any other payment, once.": (
        "Sebutkan yang tidak terbaca dari webhook yang diparkir: siapa membayar berapa untuk apa. Diberikan seperti pembayaran lain, sekali."
    ),
    "Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.": (
        "Begitu ada penyetuju bernama, di atas LUNAS_CORRECTION_APPROVAL_IDR menunggu sampai orang lain menjalankan `lunas approve`."
    ),
    "A later webhook of the same payment that can be read is the same money.": (
        "Webhook lain dari pembayaran yang sama yang terbaca kemudian adalah uang yang sama."
    ),
    "What was paid, in whole rupiah.": "Yang dibayar, dalam rupiah utuh.",
    "The provider's own id of the payment: Xendit's payment, Mayar's transaction, Scalev's order.": (
        "Id pembayaran di penyedia: payment Xendit, transaksi Mayar, pesanan Scalev."
    ),
    "What was bought: a catalogue id; without it, credit.": "Yang dibeli: id katalog; tanpa ini, kredit.",
    "Take a discard back, so that the letter can be replayed.": "Batalkan penutupan, agar surat bisa diulang.",
    "Send one dead letter, or all open ones that a filter finds, through the pipeline again.": (
        "Kirim satu surat mati, atau semua yang terbuka dan cocok, sekali lagi melalui pipa."
    ),
    "It resolves itself when it goes through, and comes back when it fails again. Two people cannot replay one letter.": (
        "Selesai sendiri bila berhasil, dan kembali bila gagal lagi. Dua orang tidak bisa mengulang surat yang sama."
    ),
    "Show one dead letter: where it failed, why, how often, and who dealt with it.": (
        "Tampilkan satu surat mati: gagal di mana, mengapa, berapa kali, dan siapa yang menangani."
    ),
    "Rejected requests: list, show, exact bytes.": "Permintaan ditolak: daftar, detail, isi persis.",
    "Rejected requests: a wrong credential, another account or environment. Nothing of them entered the books.": (
        "Permintaan ditolak: kredensial salah, akun atau lingkungan lain. Tidak ada yang masuk pembukuan."
    ),
    "No credential is kept, only what it looked like. The newest ones stay, the oldest give way.": (
        "Kredensial tidak disimpan, hanya bentuknya. Yang terbaru disimpan, yang terlama tergeser."
    ),
    "Only requests that were turned away for this cause, as the list shows it.": (
        "Hanya permintaan yang ditolak karena penyebab ini, seperti pada daftar."
    ),
    "List rejected requests, newest first, with the cause and where they came from.": (
        "Daftar permintaan ditolak, terbaru dahulu, dengan penyebab dan asalnya."
    ),
    "Show one rejected request: why it was turned away, where it came from, what its headers looked like.": (
        "Tampilkan satu permintaan ditolak: mengapa ditolak, dari mana, seperti apa header-nya."
    ),
    "A header that could hold a secret is described by its length and alphabet, never shown. The body may hold personal data "
    "and is shown by `lunas quarantine raw` only.": (
        "Header yang bisa memuat rahasia hanya digambarkan panjang dan abjadnya, tidak pernah ditampilkan. Isinya bisa memuat "
        "data pribadi dan hanya ditampilkan oleh `lunas quarantine raw`."
    ),
    "Write the exact body of one rejected request to stdout; its SHA-256 goes to stderr.": (
        "Tulis isi persis satu permintaan ditolak ke stdout; SHA-256-nya ke stderr."
    ),
    "A stranger wrote it: at a terminal it is refused when it could control the terminal; send it to a file then.": (
        "Isinya tulisan orang asing: di terminal ditolak bila bisa mengendalikan terminal; arahkan ke berkas."
    ),
    "Verified money that could not be attributed. It waits, visibly, until somebody says whose it is.": (
        "Uang terverifikasi yang tidak jelas pemiliknya. Menunggu, terlihat, sampai ada yang menyatakan pemiliknya."
    ),
    "Say whose held money it is, and for what where that is unclear. It is granted like any other payment.": (
        "Nyatakan milik siapa uang tertahan itu, dan untuk apa bila tidak jelas. Diberikan seperti pembayaran lain."
    ),
    "Take a claim back: everything is as if nobody had claimed it, and what it granted is taken back, spent or not.": (
        "Batalkan klaim: semuanya seperti belum diklaim, dan yang diberikan ditarik kembali, terpakai atau tidak."
    ),
    "Whose money it is: the id of a registered customer.": "Milik siapa: id pelanggan terdaftar.",
    "What it is for: a catalogue id, or `credit`; without it, what the payment says.": (
        "Untuk apa: id katalog, atau `credit`; tanpa ini, sesuai pembayarannya."
    ),
    "List held money, oldest first, with the reason in words.": (
        "Daftar uang tertahan, terlama dahulu, dengan alasannya."
    ),
    "Only entries held for this reason.": "Hanya yang tertahan karena alasan ini.",
    "Released entries too, with what became of them.": "Juga yang sudah dilepas, dengan hasilnya.",
    "Ask for what is missing where less came than was asked for: the same customer, at the same provider.": (
        "Minta kekurangannya bila yang masuk kurang dari yang diminta: pelanggan yang sama, di penyedia yang sama."
    ),
    "What comes for it is added to what is held, and delivered once it is all there. Nobody pays it: the money is held as before.": (
        "Yang masuk untuknya ditambahkan ke uang yang tertahan, dan diberikan begitu lengkap. Bila tidak dibayar: uang tetap tertahan seperti semula."
    ),
    "Close held money without granting anything; the ledger moves it to `forfeited`.": (
        "Tutup uang tertahan tanpa memberikan apa pun; buku besar memindahkannya ke `forfeited`."
    ),
    "Read models: balances, subscriptions, enrollments, payments and others, folded from the log.": (
        "Model baca: saldo, langganan, kelas, pembayaran dan lainnya, dilipat dari log."
    ),
    "Build a new generation of a read model from the beginning of the log, while the live one goes on.": (
        "Bangun generasi baru model baca dari awal log, sementara yang aktif tetap berjalan."
    ),
    "Readers notice nothing until `lunas projections switch`. An older generation that nobody reads is dropped first.": (
        "Pembaca tidak melihat apa pun sampai `lunas projections switch`. Generasi lama yang tidak dibaca dihapus dahulu."
    ),
    "Show the generation again that was shown before the last switch; it was kept up to date.": (
        "Tampilkan lagi generasi sebelum pergantian terakhir; ia tetap dimutakhirkan."
    ),
    "Show every generation of every read model: which one is shown, how far it is, how old that is.": (
        "Tampilkan setiap generasi setiap model baca: mana yang tampil, sampai mana, seberapa tua."
    ),
    "Show the newest generation that was built. Readers see it from one moment to the next, never an older position.": (
        "Tampilkan generasi terbaru. Pembaca langsung melihatnya, tidak pernah posisi yang lebih lama."
    ),
    "Rebuild from the beginning of the log, compare with what is shown, and list every difference.": (
        "Bangun ulang dari awal log, bandingkan dengan yang tampil, dan daftar setiap perbedaan."
    ),
    "Nothing is changed. Without a name, all read models. Exit code 1 when something differs.": (
        "Tidak mengubah apa pun. Tanpa nama, semua model baca. Kode keluar 1 bila ada perbedaan."
    ),
    "Money that waits for a reason: whose it may be, claim, refund, write off, undo.": (
        "Uang yang menunggu: milik siapa, klaim, kembalikan, hapusbukukan, batalkan."
    ),
    "Show one entry: why it waits or what became of it, what people did about it, and what can be done.": (
        "Tampilkan satu entri: mengapa menunggu atau apa jadinya, yang dilakukan orang, dan yang bisa dilakukan."
    ),
    "Customers at most.": "Pelanggan paling banyak.",
    "Whose it may be: customers ranked by what speaks for them, each reason with its points.": (
        "Mungkin milik siapa: pelanggan diurutkan menurut tanda yang mendukung, tiap alasan dengan poinnya."
    ),
    "E-mail, phone number, reference, an open request of the same amount, earlier payments of the same payer; a name alone is a weak "
    "reason. Nothing is decided by it: claim it for the one you are sure of.": (
        "E-mail, nomor telepon, referensi, permintaan terbuka dengan jumlah sama, pembayaran terdahulu dari pembayar yang sama; nama saja "
        "adalah alasan lemah. Tidak ada yang diputuskan olehnya: klaim untuk yang Anda yakini."
    ),
    "How long held money has waited: count, rupiah and the oldest of each span, by provider.": (
        "Berapa lama uang tertahan menunggu: banyak, rupiah dan yang tertua tiap rentang, per penyedia."
    ),
    "Take back the newest word on held money, a claim, a write-off or a refund by hand: everything is as if nobody had said it.": (
        "Batalkan pernyataan terbaru tentang uang tertahan, klaim, penghapusbukuan atau pengembalian manual: semuanya seakan-akan tidak pernah "
        "dinyatakan."
    ),
    "Whole rupiah; without it everything that is held.": "Rupiah utuh; tanpa ini seluruh yang tertahan.",
    "It went back already, outside the provider: record that.": "Sudah kembali, di luar penyedia: catat itu.",
    "What shows that it went back: a transfer's reference, a receipt's number.": (
        "Bukti bahwa sudah kembali: referensi transfer, nomor kuitansi."
    ),
    "Send held money back to whoever paid it: through its provider, or by hand with a proof.": (
        "Kembalikan uang tertahan kepada pembayarnya: lewat penyedia, atau dengan tangan beserta bukti."
    ),
}
