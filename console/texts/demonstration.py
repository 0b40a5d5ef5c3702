"""The welcome of `make run`, and the story that `make demo` tells."""

from __future__ import annotations

DEMONSTRATION: dict[str, tuple[str, str]] = {
    "welcome.running": (
        "lunas is running. Ctrl-C stops it and everything it started.",
        "lunas berjalan. Ctrl-C menghentikannya beserta semua yang dijalankannya.",
    ),
    "welcome.ingress": ("webhooks of providers", "webhook penyedia"),
    "welcome.api": ("API, human page /docs", "API, halaman /docs"),
    "welcome.console": ("operators", "operator"),
    "welcome.sign_in": ("any name, password {password}", "nama bebas, kata sandi {password}"),
    "welcome.misspelt": (
        "{name} is no setting of lunas and was ignored; did you mean {near}?",
        "{name} bukan pengaturan lunas dan diabaikan; maksudnya {near}?",
    ),
    "welcome.try": (
        "A first payment, to paste into another terminal: register a customer, pay, look.",
        "Pembayaran pertama, tempelkan di terminal lain: daftarkan pelanggan, bayar, lihat.",
    ),
    "welcome.more": (
        "More: .venv/bin/lunas status · .venv/bin/lunas psql · .venv/bin/lunas simulate xendit payment.capture --count 10",
        "Lainnya: .venv/bin/lunas status · .venv/bin/lunas psql · .venv/bin/lunas simulate xendit payment.capture --count 10",
    ),
    "welcome.fakes": ("fake providers", "penyedia palsu"),
    "demo.starting": (
        "Starting a private PostgreSQL, a private RabbitMQ and all processes of lunas …",
        "Menjalankan PostgreSQL dan RabbitMQ sendiri serta semua proses lunas …",
    ),
    "demo.playing": (
        "Playing yesterday: {count} signed webhooks of Scalev, Xendit and Mayar, {repeated} of them repetitions, many out of order,\n"
        "and {forged} forged requests in between. {customers} customers; {late} of them register only after they have paid.",
        "Memainkan kemarin: {count} webhook bertanda tangan dari Scalev, Xendit dan Mayar, {repeated} di antaranya ulangan, banyak yang\n"
        "tidak berurutan, dan {forged} permintaan palsu. {customers} pelanggan; {late} di antaranya mendaftar setelah membayar.",
    ),
    "demo.visible": (
        "Everything is visible {seconds} s after the last answer (log position {position}).",
        "Semuanya terlihat {seconds} detik setelah jawaban terakhir (posisi log {position}).",
    ),
    "demo.not_settled": (
        "the pipeline did not come to rest within {seconds} s",
        "pipa tidak selesai dalam {seconds} detik",
    ),
    "demo.api_refused": ("the API answered {status} to {path}", "API menjawab {status} untuk {path}"),
    "demo.used_log": (
        "LUNAS_DATABASE_URL names a database that already has events; the demo's invented payments do not belong there. "
        "Unset it, or name an empty database.",
        "LUNAS_DATABASE_URL menunjuk basis data yang sudah berisi; pembayaran rekaan tidak boleh masuk ke sana. "
        "Kosongkan, atau sebutkan basis data kosong.",
    ),
    "demo.stopping": ("Stopping everything …", "Menghentikan semuanya …"),
    "demo.stopped": ("Stopped; nothing is left running.", "Selesai; tidak ada yang masih berjalan."),
    "demo.interrupted": (
        "Interrupted; nothing is left running.",
        "Dihentikan; tidak ada yang masih berjalan.",
    ),
    "demo.customers": (
        "What each customer paid, has, and why",
        "Yang dibayar dan dimiliki setiap pelanggan, dan alasannya",
    ),
    "demo.paid": ("paid {amount}", "membayar {amount}"),
    "demo.refunded": (", of it {amount} given back", ", {amount} dikembalikan"),
    "demo.has": ("has", "ada"),
    "demo.why": ("why", "dari"),
    "demo.more": ("… and {count} more", "… dan {count} lagi"),
    "demo.tier": ("tier {tier}", "tingkat {tier}"),
    "demo.credit": ("{tokens} credit tokens", "{tokens} token kredit"),
    "demo.chat": ("{tokens} chat tokens", "{tokens} token obrolan"),
    "demo.licence": ("licence {code}", "lisensi {code}"),
    "demo.not_told": ("amount not told", "jumlah tidak disebut"),
    "demo.late": (", late", ", terlambat"),
    "demo.credit.granted": (
        "+ {tokens} credit tokens ({amount}{late})",
        "+ {tokens} token kredit ({amount}{late})",
    ),
    "demo.credit.clawed_back": (
        "- {tokens} credit tokens ({amount} back)",
        "- {tokens} token kredit ({amount} kembali)",
    ),
    "demo.credit.withdrawn": (
        "- {tokens} credit tokens ({amount}, corrected)",
        "- {tokens} token kredit ({amount}, dikoreksi)",
    ),
    "demo.tokens.granted": (
        "+ {chat} chat tokens ({what}, {amount})",
        "+ {chat} token obrolan ({what}, {amount})",
    ),
    "demo.tokens.clawed_back": ("- {chat} chat tokens ({what})", "- {chat} token obrolan ({what})"),
    "demo.tokens.withdrawn": (
        "- {chat} chat tokens ({what}, corrected)",
        "- {chat} token obrolan ({what}, dikoreksi)",
    ),
    "demo.course.enrolled": ("+ course {what} ({amount})", "+ kelas {what} ({amount})"),
    "demo.course.revoked": ("- course {what}", "- kelas {what}"),
    "demo.course.withdrawn": ("- course {what} (corrected)", "- kelas {what} (dikoreksi)"),
    "demo.subscription.activated": ("+ subscription {what}", "+ langganan {what}"),
    "demo.subscription.renewed": ("+ one more period of {what}", "+ satu masa lagi {what}"),
    "demo.subscription.withdrawn": ("- subscription {what} (corrected)", "- langganan {what} (dikoreksi)"),
    "demo.waiting": ("What waits for a person, and why", "Yang menunggu orang, dan alasannya"),
    "demo.parked": ("parked", "diparkir"),
    "demo.turned_away": ("What was turned away", "Yang ditolak"),
    "demo.repeated": (
        "  {count} repetitions were recognised and changed nothing.",
        "  {count} ulangan dikenali dan tidak mengubah apa pun.",
    ),
    "demo.asking": (
        "{name} ({customer}) is asked for money; the providers are fakes",
        "{name} ({customer}) ditagih; penyedianya palsu",
    ),
    "demo.no_button": ("{page} offers no {act}", "{page} tidak menawarkan {act}"),
    "demo.topped_up": (
        "  tops up {amount}: the QR code {code}… is paid on the provider's page; {seconds} s later {tokens} credit tokens are there.",
        "  mengisi ulang {amount}: kode QR {code}… dibayar di halaman penyedia; {seconds} detik kemudian ada {tokens} token kredit.",
    ),
    "demo.heard": (
        "  a page that listens has heard it {live} s after the payment; an application got its signed webhook after {told} s.",
        "  halaman yang mendengarkan tahu {live} detik setelah pembayaran; aplikasi menerima webhook bertanda tangan setelah {told} detik.",
    ),
    "demo.missed": (
        "  tops up {amount} more, and the provider's webhook is lost: reconciliation asks the provider, finds {found}, and {tokens} credit tokens "
        "are there. Asked again it finds {again}.",
        "  mengisi ulang {amount} lagi, dan webhook penyedia hilang: rekonsiliasi bertanya ke penyedia, menemukan {found}, dan {tokens} token kredit "
        "masuk. Ditanya lagi: {again}.",
    ),
    "demo.ordered": (
        "  orders {course} for {amount} ({provider}): an operator has seen the money and confirms it, the course is open. Audit record {act}.",
        "  memesan {course} seharga {amount} ({provider}): operator sudah melihat uangnya dan mengonfirmasi, kelas terbuka. Catatan audit {act}.",
    ),
    "demo.given_back": (
        "  gets {back} of the {amount} back, asked for here and paid out by the provider: {tokens} credit tokens are left.",
        "  mendapat kembali {back} dari {amount}, diminta di sini dan dibayarkan penyedia: sisa {tokens} token kredit.",
    ),
    "demo.subscribed": (
        "  subscribes to {plan} for {amount} a month: links an account on the provider's page, is charged, has tier {tier} until {first}; "
        "the fakes' clock goes on by a month, is charged again: until {second}.",
        "  berlangganan {plan} seharga {amount} sebulan: menautkan akun di halaman penyedia, ditagih, mendapat tingkat {tier} sampai {first}; "
        "jam penyedia palsu maju sebulan, ditagih lagi: sampai {second}.",
    ),
    "demo.using": ("Using what was bought", "Memakai yang dibeli"),
    "demo.spent": (
        "  {clients} clients at once ask for {cost} of the {had} tokens of {customer}: {served} get them, the others are told that it is not "
        "enough; {left} are left.",
        "  {clients} klien sekaligus meminta {cost} dari {had} token milik {customer}: {served} mendapatkannya, yang lain diberi tahu tidak "
        "cukup; sisa {left}.",
    ),
    "demo.used_up": (
        "  {customer} uses the {limit} tokens of the day; one more is answered {code} until {at}.",
        "  {customer} memakai {limit} token untuk hari ini; satu lagi dijawab {code} sampai {at}.",
    ),
    "demo.checks": ("What must be true", "Yang harus benar"),
    "demo.fine": ("Every rupiah is accounted for.", "Setiap rupiah tercatat."),
    "demo.next": (
        "Your turn: `make run` keeps everything running and prints a first payment to paste.",
        "Giliran Anda: `make run` menjalankan semuanya dan mencetak pembayaran pertama untuk ditempel.",
    ),
    "demo.broken": (
        "{count} of these are not true; that is a bug.",
        "{count} di antaranya tidak benar; itu galat.",
    ),
    "invariant.stored": (
        "every request answered 200 is stored byte for byte: {count} deliveries, {bodies} different bodies (SHA-256)",
        "setiap permintaan yang dijawab 200 tersimpan persis: {count} kiriman, {bodies} isi berbeda (SHA-256)",
    ),
    "invariant.doors": (
        "every genuine webhook was answered 200, every one of {count} forged ones 401",
        "setiap webhook asli dijawab 200, setiap dari {count} yang palsu 401",
    ),
    "invariant.unanswered": ("{count} genuine ones were not accepted", "{count} yang asli tidak diterima"),
    "invariant.forged_accepted": ("{count} forged ones were accepted", "{count} yang palsu diterima"),
    "invariant.accounts": (
        "{count} accounts are what the log adds up to, and nobody spent more than there was",
        "{count} akun sesuai dengan jumlah di log, dan tidak ada yang memakai lebih dari yang ada",
    ),
    "invariant.asked": (
        "of what was asked for came exactly what was paid less what went back: {amount}; nothing more is held or parked",
        "dari yang ditagih datang persis yang dibayar dikurangi yang dikembalikan: {amount}; tidak ada lagi yang tertahan atau diparkir",
    ),
    "invariant.ledger": (
        "the double-entry ledger sums to zero ({units})",
        "buku besar berpasangan berjumlah nol ({units})",
    ),
    "invariant.money": (
        "the ledger holds what the providers received less what they gave back: {amount}",
        "buku besar memuat yang diterima penyedia dikurangi yang dikembalikan: {amount}",
    ),
    "invariant.customers": (
        "all {count} customers have exactly what the simulator's own sums say",
        "semua {count} pelanggan memiliki persis yang dihitung simulator",
    ),
    "invariant.held": (
        "suspense holds exactly what cannot be attributed: {amount}",
        "yang tertahan persis yang tidak jelas pemiliknya: {amount}",
    ),
    "invariant.parked": (
        "nothing is parked but the {count} unreadable ones",
        "tidak ada yang diparkir selain {count} yang tidak terbaca",
    ),
    "invariant.rebuilt": (
        "{count} read models rebuilt from the log equal the live ones ({rows} rows)",
        "{count} model baca yang dibangun ulang dari log sama dengan yang aktif ({rows} baris)",
    ),
}
