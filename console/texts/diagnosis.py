"""What `lunas doctor` finds, and the fix that belongs to it."""

from __future__ import annotations

DIAGNOSIS: dict[str, tuple[str, str]] = {
    "doctor.summary": ("Checks: {count}, problems: {problems}.", "Pemeriksaan: {count}, masalah: {problems}."),
    "doctor.instance.fix": ("make run", "make run"),
    "doctor.reach.fix": ("start it, or correct the address", "jalankan, atau perbaiki alamatnya"),
    "doctor.development": ("LUNAS_ENV is development: known secrets are accepted", "LUNAS_ENV adalah development: rahasia yang umum diterima"),
    "doctor.development.fix": ("set LUNAS_ENV=production where real money arrives", "atur LUNAS_ENV=production di tempat uang sungguhan masuk"),
    "doctor.production": ("production", "produksi"),
    "doctor.secret": ("{name}: {count} secret(s) accepted", "{name}: {count} rahasia diterima"),
    "doctor.secret_development": ("{name}: the development secret", "{name}: rahasia pengembangan"),
    "doctor.secret_unset": (
        "{name} has no secret: every webhook is answered 401",
        "{name} tanpa rahasia: setiap webhook dijawab 401",
    ),
    "doctor.secret_unset.fix": (
        "set {variable} to the value of the provider's dashboard, if you use it",
        "atur {variable} sesuai dasbor penyedia, bila dipakai",
    ),
    "doctor.secret_short": (
        "{variable} is shorter than {size} characters and could be guessed",
        "{variable} kurang dari {size} karakter dan dapat ditebak",
    ),
    "doctor.secret_short.fix": ("make a new one at the provider", "buat yang baru di penyedia"),
    "doctor.secret_times.none_now": (
        "{name}: none of its secrets is accepted at this time: every webhook is answered 401",
        "{name}: saat ini tidak ada rahasianya yang diterima: setiap webhook dijawab 401",
    ),
    "doctor.secret_times.none_now.fix": (
        "correct LUNAS_WEBHOOK_SECRET_TIMES, or add the provider's secret to {variable}, and restart ingress; then lunas quarantine reverify {name}",
        "perbaiki LUNAS_WEBHOOK_SECRET_TIMES, atau tambahkan rahasia penyedia ke {variable}, lalu mulai ulang ingress; kemudian lunas quarantine reverify {name}",
    ),
    "doctor.secret_times.none_soon": (
        "{name}: after {at} none of its secrets is accepted",
        "{name}: setelah {at} tidak ada rahasianya yang diterima",
    ),
    "doctor.secret_times.none_soon.fix": (
        "get the next secret from the provider and add it to {variable}, or move the end in LUNAS_WEBHOOK_SECRET_TIMES",
        "ambil rahasia berikutnya dari penyedia dan tambahkan ke {variable}, atau undurkan akhirnya di LUNAS_WEBHOOK_SECRET_TIMES",
    ),
    "doctor.secret_times.begins": (
        "{name}: secret {secret} is accepted from {at}, not before",
        "{name}: rahasia {secret} baru diterima mulai {at}",
    ),
    "doctor.secret_times.begins.fix": (
        "let the provider use it from then on, not before",
        "penyedia boleh memakainya mulai saat itu, tidak sebelumnya",
    ),
    "doctor.secret_times.ended": (
        "{name}: secret {secret} has ended at {at} and is refused",
        "{name}: rahasia {secret} berakhir pada {at} dan ditolak",
    ),
    "doctor.secret_times.ended.fix": (
        "take it out of {variable}, and its times out of LUNAS_WEBHOOK_SECRET_TIMES",
        "keluarkan dari {variable}, dan waktunya dari LUNAS_WEBHOOK_SECRET_TIMES",
    ),
    "doctor.secret_times.ends": (
        "{name}: secret {secret} ends at {at}",
        "{name}: rahasia {secret} berakhir pada {at}",
    ),
    "doctor.secret_times.ends.fix": (
        "see that the provider uses the next one by then: lunas webhooks list --provider {name} --json shows which one verified each (`secret_id`)",
        "pastikan penyedia sudah memakai yang berikutnya: lunas webhooks list --provider {name} --json menunjukkan yang dipakai (`secret_id`)",
    ),
    "doctor.secret_times.nobody": (
        "{variable} names {secrets}, which is the id of no secret: nothing ends or begins by it",
        "{variable} menyebut {secrets}, yang bukan id rahasia mana pun: tidak ada yang berakhir atau mulai karenanya",
    ),
    "doctor.secret_times.nobody.fix": (
        "correct the id (printf %s SECRET | sha256sum | cut -c1-12), or take it out of {variable}",
        "perbaiki id-nya (printf %s RAHASIA | sha256sum | cut -c1-12), atau keluarkan dari {variable}",
    ),
    "doctor.catalogue": ("{products} products, version {version}", "{products} produk, versi {version}"),
    "doctor.catalogue.fix": ("correct the file LUNAS_CATALOG names", "perbaiki berkas yang disebut LUNAS_CATALOG"),
    "doctor.mail.fix": (
        "correct what it names: customers get no mail and applications no webhooks, because notify does not start",
        "perbaiki yang disebut: pelanggan tidak menerima surel dan aplikasi tidak menerima webhook, karena notify tidak mulai",
    ),
    "doctor.key": ("{variable} is set", "{variable} sudah diatur"),
    "doctor.key_unset": ("{variable} is not set: that door stays shut", "{variable} belum diatur: pintunya tetap tertutup"),
    "doctor.key_unset.fix": ("set {variable} to a long random value", "atur {variable} ke nilai acak yang panjang"),
    "doctor.schema": ("the schema is up to date", "skema sudah mutakhir"),
    "doctor.schema_behind": ("migrations wait: {names}", "migrasi menunggu: {names}"),
    "doctor.schema.fix": ("lunas migrate", "lunas migrate"),
    "doctor.version": ("PostgreSQL {version}", "PostgreSQL {version}"),
    "doctor.version.fix": ("use PostgreSQL 15 or newer", "gunakan PostgreSQL 15 atau lebih baru"),
    "doctor.setting": ("{name} is {value}", "{name} bernilai {value}"),
    "doctor.setting.fix": (
        "set {name} = on in postgresql.conf: confirmed payments could vanish in a crash",
        "atur {name} = on di postgresql.conf: pembayaran yang sudah dikonfirmasi bisa hilang",
    ),
    "doctor.checksums.fix": (
        "damage by a disk goes unnoticed: pg_checksums --enable while the server is stopped, or initdb --data-checksums",
        "kerusakan oleh disk tidak terlihat: pg_checksums --enable saat server berhenti, atau initdb --data-checksums",
    ),
    "doctor.append_only": ("nobody can change the log", "tidak ada yang dapat mengubah log"),
    "doctor.append_only_broken": ("the log is not protected: {what}", "log tidak terlindungi: {what}"),
    "doctor.append_only.fix": (
        "revoke these rights or enable these triggers again; find out who changed them",
        "cabut hak tersebut atau aktifkan lagi pemicunya; cari tahu siapa yang mengubah",
    ),
    "doctor.clock": ("database and this machine differ by {seconds} s", "basis data dan mesin ini berbeda {seconds} detik"),
    "doctor.clock.fix": ("synchronise both clocks (NTP)", "selaraskan kedua jam (NTP)"),
    "doctor.left_over": (
        "left over from a larger LUNAS_BROKER_PARTITIONS: {names} ({waiting} waiting); the processor empties them",
        "tersisa dari LUNAS_BROKER_PARTITIONS yang lebih besar: {names} ({waiting} menunggu); prosesor mengosongkannya",
    ),
    "doctor.left_over.fix": (
        "nothing is wrong; delete them once they and all retry queues are empty, highest number first "
        "(docs/runbooks/change-partitions.md)",
        "tidak ada yang salah; hapus setelah antrean itu dan semua antrean coba ulang kosong, mulai dari nomor tertinggi "
        "(docs/runbooks/change-partitions.md)",
    ),
    "doctor.ledger": ("the ledger sums to zero", "buku besar berjumlah nol"),
    "doctor.ledger_off": ("the ledger does not sum to zero: {units}", "buku besar tidak berjumlah nol: {units}"),
    "doctor.ledger.fix": (
        "lunas projections verify ledger; if it agrees with the log, report a bug with the log",
        "lunas projections verify ledger; bila sama dengan log, laporkan sebagai galat",
    ),
    "doctor.backed": ("a payment stands behind everything that was granted", "ada pembayaran di balik semua yang diberikan"),
    "doctor.unbacked": (
        "{provider}: {amount} in {cases} cases was granted without a payment behind it",
        "{provider}: {amount} dalam {cases} kasus diberikan tanpa pembayaran di baliknya",
    ),
    "doctor.unbacked.fix": (
        "lunas projections verify backing names the cases; somebody with the right to append wrote them: find out who, see docs/threat-model.md",
        "lunas projections verify backing menyebut kasusnya; seseorang yang berhak menambah log menulisnya: cari siapa, lihat docs/threat-model.md",
    ),
    "doctor.not_live": ("no live version of {names}", "tidak ada versi aktif dari {names}"),
    "doctor.projections.fix": ("lunas run projections, then lunas projections status", "lunas run projections, lalu lunas projections status"),
    "doctor.lag": ("the read models are close to the log", "model baca dekat dengan log"),
    "doctor.lag.fix": ("look at the log of that process; start it when it is away", "lihat log proses itu; jalankan bila mati"),
    "doctor.parked": ("{count} messages wait for a person, {amount}", "{count} pesan menunggu orang, {amount}"),
    "doctor.parked.fix": ("lunas dlq groups", "lunas dlq groups"),
    "doctor.suspense": ("{count} payments are held, {amount}", "{count} pembayaran tertahan, {amount}"),
    "doctor.suspense.fix": ("lunas suspense list", "lunas suspense list"),
    "doctor.silent": ("nothing ever came from {name}", "belum pernah ada kiriman dari {name}"),
    "doctor.silent.fix": (
        "enter the address /webhooks/{name} at the provider; try lunas simulate {name}",
        "masukkan alamat /webhooks/{name} di penyedia; coba lunas simulate {name}",
    ),
    "doctor.processes": ("ready: {names}", "siap: {names}"),
    "doctor.left_alone.fix": (
        "see whether {provider} has an outage, and whether its key and address are right: lunas doctor {provider}",
        "periksa apakah {provider} sedang terganggu, dan apakah kunci serta alamatnya benar: lunas doctor {provider}",
    ),
    "doctor.fakes": (
        "calls to providers go to fakes at {address}",
        "panggilan ke penyedia menuju yang palsu di {address}",
    ),
    "doctor.fakes.fix": (
        "meant for development; for real providers set their addresses and keys, or LUNAS_FAKES=off",
        "memang untuk pengembangan; untuk penyedia asli isi alamat dan kuncinya, atau LUNAS_FAKES=off",
    ),
    "doctor.process_silent.fix": ("look at its log, then start it again", "lihat log-nya, lalu jalankan lagi"),
    "doctor.process_other.fix": (
        "see who listens there (ss -ltnp); free the port, or correct LUNAS_PEERS",
        "lihat siapa yang memakai port itu (ss -ltnp); kosongkan, atau perbaiki LUNAS_PEERS",
    ),
    "doctor.process_away.fix": ("make run, or lunas run {name}", "make run, atau lunas run {name}"),
    "doctor.process_not_ready.fix": (
        "mend what it waits for; when nothing else is wrong here, compare its addresses and read its log",
        "perbaiki yang ditunggunya; bila tidak ada masalah lain di sini, bandingkan alamatnya dan baca log-nya",
    ),
    "doctor.silent_service.fix": (
        "look at its machine, disk and log; end and start it when it hangs; docs/runbooks says what happens meanwhile",
        "lihat mesin, disk dan log-nya; hentikan dan jalankan lagi bila macet; docs/runbooks menjelaskan akibatnya",
    ),
    "doctor.deliveries": ("last 24 hours: {counts}", "24 jam terakhir: {counts}"),
}  # fmt: skip
