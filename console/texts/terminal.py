"""What the commands for the terminal say: trigger, listen, top, completion."""

from __future__ import annotations

TERMINAL: dict[str, tuple[str, str]] = {
    "trigger.choose": (
        "Choose one: lunas trigger {provider} EVENT. Its body: lunas trigger {provider} EVENT --show",
        "Pilih satu: lunas trigger {provider} EVENT. Isinya: lunas trigger {provider} EVENT --show",
    ),
    "trigger.no_amount": (
        "{event} states no amount that could be another one. Nothing was sent.",
        "{event} tidak menyebut jumlah yang bisa diganti. Tidak ada yang dikirim.",
    ),
    "trigger.no_setting": (
        "--set wants PATH=VALUE, as data.amount=75000, not {given}.",
        "--set meminta PATH=VALUE, misalnya data.amount=75000, bukan {given}.",
    ),
    "trigger.no_path": (
        "The body of {event} has nothing at {path}. `--show` prints the body.",
        "Isi {event} tidak punya apa pun di {path}. `--show` mencetak isinya.",
    ),
    "trigger.no_path_near": (
        "The body of {event} has nothing at {path}. Did you mean {near}? `--show` prints the body.",
        "Isi {event} tidak punya apa pun di {path}. Maksud Anda {near}? `--show` mencetak isinya.",
    ),
    "trigger.new": (
        "{event} has no field {path}; it is added.",
        "{event} tidak punya kolom {path}; ditambahkan.",
    ),
    "trigger.new_near": (
        "{event} has no field {path}; it is added. Did you mean {near}?",
        "{event} tidak punya kolom {path}; ditambahkan. Maksud Anda {near}?",
    ),
    "trigger.look": (
        "Seed {seed} sends the same again. What became of it: lunas webhooks list --since 1m",
        "Benih {seed} mengirim yang sama lagi. Hasilnya: lunas webhooks list --since 1m",
    ),
    "listen.no_type": (
        "There is no type {given}. There are: {known}.",
        "Tidak ada tipe {given}. Yang ada: {known}.",
    ),
    "listen.no_type_near": (
        "There is no type {given}. Did you mean {near}? There are: {known}.",
        "Tidak ada tipe {given}. Maksud Anda {near}? Yang ada: {known}.",
    ),
    "listen.no_secret": (
        "Behind whsec_ stands base64, as the application has it.",
        "Di belakang whsec_ harus ada base64, seperti yang dimiliki aplikasi.",
    ),
    "listen.no_url": (
        "{url} is no address to forward to: http://host:port/path.",
        "{url} bukan alamat tujuan: http://host:port/path.",
    ),
    "listen.forwarding": (
        "Forwarding to {url}. Signed with {secret}",
        "Diteruskan ke {url}. Ditandatangani dengan {secret}",
    ),
    "listen.begun": (
        "Listening behind position {position}. Ctrl-C stops.",
        "Mendengarkan setelah posisi {position}. Ctrl-C menghentikan.",
    ),
    "listen.sent": ("{kind}  {answered}  {ms} ms  {id}", "{kind}  {answered}  {ms} md  {id}"),
    "top.pace": ("   {pace} events/s", "   {pace} peristiwa/dtk"),
    "top.more": (
        "… {count} more lines: a larger window, or lunas status",
        "… {count} baris lagi: jendela lebih besar, atau lunas status",
    ),
    "top.causes": ("  … {count} more: lunas status", "  … {count} lagi: lunas status"),
    "top.follows": (" (and {count} because of it)", " (dan {count} karenanya)"),
    "top.queues_empty": ("queues: {count} empty", "antrean: {count} kosong"),
    "top.readers_current": (
        "read models and readers: {count} up to date",
        "model baca dan pembaca: {count} mutakhir",
    ),
    "completion.both": ("Either --install or --remove.", "Pilih --install atau --remove."),
    "completion.which": (
        "Which shell? lunas completion SHELL, one of: {shells}.",
        "Shell yang mana? lunas completion SHELL, salah satu dari: {shells}.",
    ),
    "completion.written": ("written: {path}", "ditulis: {path}"),
    "completion.removed": ("taken away: {path}", "dihapus: {path}"),
    "completion.unchanged": (
        "Nothing had to be changed for {shell}.",
        "Tidak ada yang perlu diubah untuk {shell}.",
    ),
    "completion.begins": ("It works in every new {shell}.", "Berlaku di setiap {shell} baru."),
    "completion.undo": (
        "Undo: lunas completion {shell} --remove",
        "Batalkan: lunas completion {shell} --remove",
    ),
    "error.no_choice": ("{value} is none of: {known}.", "{value} tidak ada di antara: {known}."),
    "error.no_choice_near": (
        "{value} is none of these. Did you mean {near}? There are: {known}.",
        "{value} tidak ada. Maksud Anda {near}? Yang ada: {known}.",
    ),
}
