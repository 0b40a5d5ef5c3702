"""The web console: replay, and what people say of problems."""

from __future__ import annotations

PAGES_OF_REPLAY: dict[str, tuple[str, str]] = {
    "web.way.replay": ("Replay", "Ulang"),
    "web.replay_note": (
        "Choose what went wrong, look at what sending it through again would change for whom, then let it run behind live traffic.",
        "Pilih yang gagal, lihat apa yang akan berubah bagi siapa bila diproses lagi, lalu jalankan di belakang lalu lintas biasa.",
    ),
    "web.where": ("Which deliveries or letters", "Kiriman atau surat yang mana"),
    "web.where_what": ("Say which ones.", "Sebutkan yang mana."),
    "web.where_note": (
        "The same words as in `lunas replay plan --where`: `provider=xendit`, `error~timeout`, `event=payment.capture`, `amount>500000`, `since 2h`, joined by `and`. "
        "Open dead letters are looked through; `source=` says others: `deliveries`, `unhandled` (nothing handled the event when it came), `quarantine` (rejected, and "
        "genuine under the secrets of now), or several with commas; `source=missing and provider=xendit and since 12h` asks the provider for what it never sent.",
        "Kata yang sama dengan `lunas replay plan --where`: `provider=xendit`, `error~timeout`, `event=payment.capture`, `amount>500000`, `since 2h`, digabung dengan `and`. "
        "Yang dicari adalah surat mati yang terbuka; `source=` menyebut yang lain: `deliveries`, `unhandled` (peristiwanya belum ditangani saat datang), `quarantine` "
        "(ditolak, tetapi asli menurut rahasia sekarang), atau beberapa dengan koma; `source=missing and provider=xendit and since 12h` menanyakan yang tidak pernah dikirim.",
    ),
    "web.plan_under_way": (
        "The plan is being made: the provider is asked. It stands here when it is done; load the page again.",
        "Rencana sedang dibuat: penyedia sedang ditanya. Akan muncul di sini; muat ulang halaman ini.",
    ),
    "web.preview": ("Show what would change", "Tampilkan yang akan berubah"),
    "web.filter": ("Filter", "Saringan"),
    "web.replay_of_filter": ("Replay: {filter}", "Ulang: {filter}"),
    "web.would_change": ("What would change", "Yang akan berubah"),
    "web.would_notice": ("What they would notice", "Yang akan dirasakan"),
    "web.would_be": ("What would become of them", "Akan menjadi apa"),
    "web.chosen": ("What was chosen", "Yang dipilih"),
    "web.alarm": ("alarm", "alarm"),
    "web.rate": ("Deliveries a second at most", "Kiriman per detik paling banyak"),
    "web.act.apply": ("Do it", "Jalankan"),
    "web.act.apply_note": (
        "Refused when the world has moved since the preview. Nothing is lost when it is stopped.",
        "Ditolak bila keadaan sudah berubah sejak pratinjau. Tidak ada yang hilang bila dihentikan.",
    ),
    "web.act.resume": ("Go on", "Lanjutkan"),
    "web.act.pause": ("Pause", "Jeda"),
    "web.act.cancel": ("Give it up", "Batalkan"),
    "web.problem.acknowledged": ("Somebody takes care of it", "Ada yang menangani"),
    "web.act.ack": ("I take care of it", "Saya tangani"),
    "web.act.fix": ("Its cause is mended", "Penyebabnya sudah diperbaiki"),
    "web.act.ignore": ("It needs nobody", "Tidak perlu ditangani"),
    "web.act.reopen_problem": ("It is open again", "Buka lagi"),
    "web.act.note": ("Note something", "Catat sesuatu"),
    "web.problem_examples": ("Some of it", "Sebagian isinya"),
    "web.notes": ("Notes", "Catatan"),
    "web.customers_affected": ("customers: {count}", "pelanggan: {count}"),
    "web.because": ("because of another problem", "karena masalah lain"),
    "web.hidden_problems": ("Fixed and ignored ones too", "Yang selesai dan diabaikan juga"),
    "web.explain.balance": ("Why {customer} has this credit", "Mengapa saldo {customer} sekian"),
    "web.explain.access": ("Why this is open to {customer}", "Mengapa ini terbuka bagi {customer}"),
    "web.explain.tier": ("Why {customer} has this tier", "Mengapa tingkat {customer} demikian"),
    "web.explain_balance": ("credit", "saldo"),
    "web.explain_access": ("access", "akses"),
    "web.explain_tier": ("tier", "tier"),
    "web.explain_equal": ("the read model says the same", "model baca mengatakan yang sama"),
    "web.explain_different": ("the read model says something else", "model baca mengatakan yang lain"),
    "web.as_of": ("As of", "Keadaan pada"),
    "web.known_at": ("As known at", "Yang diketahui pada"),
    "web.credit_over_time": ("Credit over time", "Saldo dari waktu ke waktu"),
    "web.no_subject": (
        "{given} cannot be explained: balance, access or tier.",
        "{given} tidak dapat dijelaskan: balance, access, atau tier.",
    ),
}
