"""`lunas operators`."""

from __future__ import annotations

OPERATORS: dict[str, tuple[str, str]] = {
    "operators.no_name": (
        "A name is made of small letters, digits, dots, dashes and underscores, 40 at most, and begins with a letter or digit.",
        "Nama terdiri dari huruf kecil, angka, titik, tanda hubung, dan garis bawah, paling banyak 40, dan diawali huruf atau angka.",
    ),
    "operators.taken": (
        "{name} is an operator already: `lunas operators change {name}` changes what they may do.",
        "{name} sudah menjadi operator: `lunas operators change {name}` mengubah yang boleh dilakukannya.",
    ),
    "operators.added": (
        "{name} may sign in to the web console as {role}.",
        "{name} boleh masuk ke konsol web sebagai {role}.",
    ),
    "operators.none": (
        "There are no named operators; whoever has LUNAS_OPERATOR_KEY signs in with it.",
        "Belum ada operator bernama; pemegang LUNAS_OPERATOR_KEY masuk dengan kunci itu.",
    ),
    "operators.change_what": (
        "Say what to change: --role, --email, --new-password or --password-file.",
        "Sebutkan yang diubah: --role, --email, --new-password, atau --password-file.",
    ),
    "operators.no_email": ("{given} is no e-mail address.", "{given} bukan alamat e-mail."),
    "operators.email_taken": (
        "Somebody else signs in with {email}: `lunas operators list --json` shows who.",
        "{email} sudah dipakai orang lain: `lunas operators list --json` menampilkan siapa.",
    ),
    "web.sign_in_with": ("Sign in with {name}", "Masuk dengan {name}"),
    "web.oidc_refused": ("That did not sign you in", "Anda belum masuk"),
    "web.oidc_refused_note": (
        "What came back from the identity provider was not what we sent you for, or it said no. Begin again; if it happens twice, the console's log "
        "says why.",
        "Yang kembali dari penyedia identitas bukan yang kita minta, atau ia menolak. Mulai lagi; bila terjadi dua kali, log konsol menyebutkan "
        "sebabnya.",
    ),
    "web.oidc_no_role": (
        "You are known, and may do nothing here yet",
        "Anda dikenal, tetapi belum boleh apa-apa di sini",
    ),
    "web.oidc_no_role_note": (
        "Ask for a role: LUNAS_CONSOLE_OIDC_ROLES gives one to a group, lunas operators add NAME --email ADDRESS to a person.",
        "Minta peran: LUNAS_CONSOLE_OIDC_ROLES memberikannya kepada grup, lunas operators add NAMA --email ALAMAT kepada seseorang.",
    ),
    "web.oidc_away": (
        "{name} does not answer. Who has a password, or the operator key, signs in with that.",
        "{name} tidak menjawab. Yang punya kata sandi atau kunci operator dapat masuk dengan itu.",
    ),
    "operators.change_question": ("Change what {name} may do?", "Ubah yang boleh dilakukan {name}?"),
    "operators.changed": ("{name} was changed.", "{name} sudah diubah."),
    "operators.unknown": (
        "No operator is called {name}: `lunas operators list` shows all.",
        "Tidak ada operator bernama {name}: `lunas operators list` menampilkan semuanya.",
    ),
    "operators.password_length": (
        "A password has at least {shortest} characters.",
        "Kata sandi terdiri dari sedikitnya {shortest} karakter.",
    ),
    "operators.disable_question": (
        "Let {name} sign in no more, and end their sessions?",
        "Larang {name} masuk lagi, dan akhiri sesinya?",
    ),
    "operators.enable_question": ("Let {name} sign in again?", "Izinkan {name} masuk lagi?"),
    "operators.disable_already": ("{name} cannot sign in as it is.", "{name} memang tidak dapat masuk."),
    "operators.enable_already": ("{name} can sign in as it is.", "{name} memang dapat masuk."),
    "operators.disabled": ("{name} cannot sign in any more.", "{name} tidak dapat masuk lagi."),
    "two.password": ("Password of {name}, as in the console", "Kata sandi {name}, seperti di konsol"),
    "two.unknown": (
        "Somebody is named who may agree, so this takes a named operator, and {name} is none that may sign in: set LUNAS_OPERATOR to a name of "
        "`lunas operators list`. Nothing was changed.",
        "Sudah ada penyetuju bernama, jadi ini harus dilakukan operator bernama, dan {name} bukan operator yang boleh masuk: isi LUNAS_OPERATOR dengan "
        "nama dari `lunas operators list`. Tidak ada yang diubah.",
    ),
    "two.no_password": (
        "{name} signs in through the identity provider and has no password: do it in the web console. Nothing was changed.",
        "{name} masuk melalui penyedia identitas dan tidak punya kata sandi: lakukan di konsol web. Tidak ada yang diubah.",
    ),
    "two.needs_password": (
        "This takes two persons, and each shows who they are: run it at a terminal, or let {variable} name a file whose first line is your password. "
        "Nothing was changed.",
        "Ini memerlukan dua orang, dan masing-masing menunjukkan siapa dirinya: jalankan di terminal, atau isi {variable} dengan berkas yang baris "
        "pertamanya kata sandi Anda. Tidak ada yang diubah.",
    ),
    "two.unreadable": (
        "The file that {variable} names cannot be read: {error}",
        "Berkas yang disebut {variable} tidak dapat dibaca: {error}",
    ),
    "two.wrong": (
        "That is not the password of {name}. Nothing was changed.",
        "Itu bukan kata sandi {name}. Tidak ada yang diubah.",
    ),
    "two.role": (
        "{name} is {role}, and this takes one who is {needed}. Nothing was changed.",
        "{name} adalah {role}, sedangkan ini memerlukan {needed}. Tidak ada yang diubah.",
    ),
    "operators.enabled": ("{name} can sign in again.", "{name} dapat masuk lagi."),
}
