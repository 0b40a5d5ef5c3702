"""What went wrong and what to do about it."""

from __future__ import annotations

ERRORS: dict[str, tuple[str, str]] = {
    "error.prefix": ("Error: {sentence}", "Galat: {sentence}"),
    "error.no_time": (
        "{value} is neither an age such as 2h, 30m, 3d nor an ISO 8601 time",
        "{value} bukan umur seperti 2h, 30m, 3d dan bukan waktu ISO 8601",
    ),
    "psql.missing": (
        "psql is not installed: `apt-get install --no-install-recommends postgresql-client`, or start Docker.",
        "psql belum terpasang: `apt-get install --no-install-recommends postgresql-client`, atau jalankan Docker.",
    ),
    "psql.writing": (
        "This session may change everything, and nobody keeps a record of it.",
        "Sesi ini bisa mengubah semuanya, dan tidak ada catatan tentangnya.",
    ),
    "error.database_away": (
        "PostgreSQL does not answer at {address}: start lunas with `make run`, or correct LUNAS_DATABASE_URL.",
        "PostgreSQL tidak menjawab di {address}: jalankan lunas dengan `make run`, atau perbaiki LUNAS_DATABASE_URL.",
    ),
    "error.database_silent": (
        "PostgreSQL at {address} gives no answer within {seconds} s: it hangs, or its disk or the network does.",
        "PostgreSQL di {address} tidak menjawab dalam {seconds} detik: ia, disknya, atau jaringannya macet.",
    ),
    "error.broker_silent": (
        "RabbitMQ at {address} gives no answer within {seconds} s: it hangs, or its disk or the network does.",
        "RabbitMQ di {address} tidak menjawab dalam {seconds} detik: ia, disknya, atau jaringannya macet.",
    ),
    "error.no_command": (
        "There is no command {name}; there are {known} (of {near}).",
        "Tidak ada perintah {name}; yang ada: {known} (dari {near}).",
    ),
    "error.no_command_near": (
        "There is no command {name}. Did you mean `{near}`? There are {known}.",
        "Tidak ada perintah {name}. Maksud Anda `{near}`? Yang ada: {known}.",
    ),
    "error.no_instance": (
        "No instance of lunas runs in {home}: start one with `make run`, or name a remote one with LUNAS_DATABASE_URL, "
        "LUNAS_BROKER_URL and LUNAS_PEERS.",
        "Tidak ada instans lunas yang berjalan di {home}: jalankan dengan `make run`, atau sebutkan yang jauh dengan "
        "LUNAS_DATABASE_URL, LUNAS_BROKER_URL dan LUNAS_PEERS.",
    ),
    "error.broker_away": (
        "RabbitMQ does not answer at {address}: start lunas with `make run`, or correct LUNAS_BROKER_URL.",
        "RabbitMQ tidak menjawab di {address}: jalankan lunas dengan `make run`, atau perbaiki LUNAS_BROKER_URL.",
    ),
    "error.broker_refuses": (
        "RabbitMQ at {address} does not let us in: correct the user, the password or the virtual host in LUNAS_BROKER_URL.",
        "RabbitMQ di {address} menolak kita: perbaiki pengguna, kata sandi atau virtual host di LUNAS_BROKER_URL.",
    ),
    "error.system": (
        "The system refused: {detail}.",
        "Sistem menolak: {detail}.",
    ),
    "error.ingress_away": (
        "Nothing answers at {address}: start lunas with `make run`, or name the door with --url.",
        "Tidak ada yang menjawab di {address}: jalankan lunas dengan `make run`, atau sebutkan alamatnya dengan --url.",
    ),
    "error.door_stuck": (
        "The door at {address} took nothing for {seconds} s ({done} of {of} done): `lunas status` shows why; then the same command again.",
        "Pintu di {address} tidak menerima apa pun selama {seconds} detik ({done} dari {of} selesai): `lunas status` menunjukkan "
        "sebabnya; lalu perintah yang sama lagi.",
    ),
    "error.schema_missing": (
        "The database is not ready for this version ({detail}): run `lunas migrate`, and start `lunas run projections` once.",
        "Basis data belum siap untuk versi ini ({detail}): jalankan `lunas migrate`, dan `lunas run projections` sekali.",
    ),
    "error.privilege": (
        "The database refused ({detail}): connect as a user that is a member of the lunas roles, see `lunas doctor`.",
        "Basis data menolak ({detail}): gunakan pengguna yang menjadi anggota peran lunas, lihat `lunas doctor`.",
    ),
    "error.no_text": (
        "What was given holds a character that no text can hold (NUL, or bytes that are no UTF-8).",
        "Yang diberikan memuat karakter yang tidak dapat menjadi teks (NUL, atau byte yang bukan UTF-8).",
    ),
    "error.database": ("PostgreSQL said: {detail}", "PostgreSQL melaporkan: {detail}"),
    "error.broker": ("RabbitMQ said: {detail}", "RabbitMQ melaporkan: {detail}"),
    "error.unreachable": (
        "Something did not answer ({detail}): `lunas status` shows what is away.",
        "Ada layanan yang tidak menjawab ({detail}): `lunas status` menunjukkan yang mana.",
    ),
    "error.unexpected": (
        "This should not happen ({kind}: {detail}). Run it again with LUNAS_DEBUG=1 and report what it shows.",
        "Ini seharusnya tidak terjadi ({kind}: {detail}). Ulangi dengan LUNAS_DEBUG=1 dan laporkan hasilnya.",
    ),
    "error.interrupted": ("Stopped.", "Dihentikan."),
}
