"""Help of `lunas operators`."""

from __future__ import annotations

SIGNING_IN_HELP: dict[str, str] = {
    "People who sign in to the web console: add, list, change, disable.": (
        "Orang yang masuk ke konsol web: tambah, daftar, ubah, nonaktifkan."
    ),
    "People who sign in to the web console: viewers look, operators act, approvers also agree to what another asked for.": (
        "Orang yang masuk ke konsol web: pengamat melihat, operator bertindak, penyetuju juga menyetujui permintaan orang lain."
    ),
    "Once an approver is named, who is what is theirs to say, and what takes two persons takes their passwords here too: typed, or from the file that "
    "LUNAS_OPERATOR_PASSWORD_FILE names, under the name in LUNAS_OPERATOR.": (
        "Begitu ada penyetuju bernama, merekalah yang menentukan peran, dan yang memerlukan dua orang memerlukan kata sandi mereka di sini juga: diketik, "
        "atau dari berkas yang disebut LUNAS_OPERATOR_PASSWORD_FILE, dengan nama di LUNAS_OPERATOR."
    ),
    "Let somebody sign in. The password is shown this once; only its hash is kept. With --email they sign in through the identity provider.": (
        "Izinkan seseorang masuk. Kata sandinya ditampilkan sekali ini saja; hanya hash-nya yang disimpan. Dengan --email mereka masuk melalui "
        "penyedia identitas."
    ),
    "The address by which the identity provider knows them; it signs them in, and they need no password.": (
        "Alamat yang dikenal penyedia identitas; penyedia itu yang memasukkan mereka, jadi tidak perlu kata sandi."
    ),
    "What they may do.": "Yang boleh dilakukannya.",
    "What they may do from now on.": "Yang boleh dilakukannya mulai sekarang.",
    "Its first line is the password, `-` reads it from stdin; without it one is made up and shown once.": (
        "Baris pertamanya adalah kata sandi, `-` membacanya dari stdin; tanpanya dibuatkan satu dan ditampilkan sekali."
    ),
    "List everybody, by name: what they may do, and when they were here last.": (
        "Daftar semua orang, menurut nama: yang boleh dilakukan, dan kapan terakhir di sini."
    ),
    "Change what somebody may do, or their password. A new role counts at once, also where they are signed in.": (
        "Ubah yang boleh dilakukan seseorang, atau kata sandinya. Peran baru langsung berlaku, juga di sesi yang sedang berjalan."
    ),
    "A new password; their sessions end.": "Kata sandi baru; sesinya berakhir.",
    "Let somebody sign in no more; where they are signed in, that ends at once.": (
        "Larang seseorang masuk; sesi yang sedang berjalan langsung berakhir."
    ),
    "Let somebody sign in again.": "Izinkan seseorang masuk lagi.",
}
