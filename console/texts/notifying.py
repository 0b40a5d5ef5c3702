"""Sentences about endpoints and notifications."""

from __future__ import annotations

NOTIFYING: dict[str, tuple[str, str]] = {
    "endpoints.created": (
        "This is the only time the secret is shown. {endpoint_id} is sent: {events}",
        "Rahasia ini hanya ditampilkan sekali ini. {endpoint_id} dikirimi: {events}",
    ),
    "endpoints.all": ("all", "semua"),
    "endpoints.none": (
        "no endpoints: `lunas endpoints create URL --events all`",
        "tidak ada endpoint: `lunas endpoints create URL --events all`",
    ),
    "endpoints.unknown": (
        "there is no endpoint {endpoint_id}: `lunas endpoints list`",
        "tidak ada endpoint {endpoint_id}: `lunas endpoints list`",
    ),
    "endpoints.unknown_kind": (
        "there is no kind {unknown}; there are: {kinds}, or `all`",
        "tidak ada jenis {unknown}; yang ada: {kinds}, atau `all`",
    ),
    "endpoints.url_no_url": (
        "this is no address that a webhook can be sent to: write https://host/path, without user, password or #",
        "ini bukan alamat tujuan webhook: tulis https://host/path, tanpa pengguna, kata sandi, atau #",
    ),
    "endpoints.url_not_https": (
        "webhooks are sent over https only (over http in development with LUNAS_ENDPOINTS_PRIVATE=allow)",
        "webhook hanya dikirim lewat https (lewat http saat pengembangan dengan LUNAS_ENDPOINTS_PRIVATE=allow)",
    ),
    "endpoints.url_private_address": (
        "this is an address of a private network, which nothing is sent to; in development LUNAS_ENDPOINTS_PRIVATE=allow allows it",
        "ini alamat jaringan privat, yang tidak dikirimi apa pun; saat pengembangan LUNAS_ENDPOINTS_PRIVATE=allow mengizinkannya",
    ),
    "endpoints.disabled_since": ("disabled {since}: {because}", "dinonaktifkan {since}: {because}"),
    "endpoints.because_operator": ("by an operator", "oleh operator"),
    "endpoints.because_gone": ("it answered 410", "menjawab 410"),
    "endpoints.because_failing": ("it failed for days", "gagal berhari-hari"),
    "endpoints.quiet_until": (
        "asked to be left alone until {until} (`lunas endpoints enable` sends sooner)",
        "minta tidak dikirimi sampai {until} (`lunas endpoints enable` mengirim lebih cepat)",
    ),
    "endpoints.failing_since": ("failing since {since}", "gagal sejak {since}"),
    "endpoints.rotate_question": (
        "Give {endpoint_id} a new secret?",
        "Beri {endpoint_id} rahasia baru?",
    ),
    "endpoints.rotated": (
        "This is the only time the secret is shown. The one before signs {endpoint_id} as well until {until}.",
        "Rahasia ini hanya ditampilkan sekali ini. Yang lama ikut menandatangani {endpoint_id} sampai {until}.",
    ),
    "endpoints.no_undo": (
        "cannot be taken back; rotate again for another one",
        "tidak dapat dibatalkan; rotasi lagi untuk yang lain",
    ),
    "endpoints.disable_question": (
        "Send nothing more to {endpoint_id}?",
        "Hentikan kiriman ke {endpoint_id}?",
    ),
    "endpoints.disabled": (
        "{endpoint_id} is sent nothing; what comes for it waits.",
        "{endpoint_id} tidak dikirimi apa pun; yang datang menunggu.",
    ),
    "endpoints.enable_question": ("Send to {endpoint_id} again?", "Kirim lagi ke {endpoint_id}?"),
    "endpoints.enabled": (
        "{endpoint_id} is sent to again, at once what has waited.",
        "{endpoint_id} dikirimi lagi, segera yang tadi menunggu.",
    ),
    "endpoints.remove_question": (
        "Remove {endpoint_id} for good, with what waits for it?",
        "Hapus {endpoint_id} selamanya, beserta yang menunggu?",
    ),
    "endpoints.removed": ("{endpoint_id} is removed.", "{endpoint_id} dihapus."),
    "endpoints.no_undo_remove": (
        "cannot be taken back: make another with `lunas endpoints create`",
        "tidak dapat dibatalkan: buat yang lain dengan `lunas endpoints create`",
    ),
    "endpoints.is_disabled": (
        "{endpoint_id} is disabled: `lunas endpoints enable {endpoint_id}` first",
        "{endpoint_id} nonaktif: `lunas endpoints enable {endpoint_id}` dahulu",
    ),
    "endpoints.is_enabled": (
        "{endpoint_id} is sent to already; nothing was changed",
        "{endpoint_id} memang sudah dikirimi; tidak ada yang diubah",
    ),
    "endpoints.test_taken": (
        "It was taken: the endpoint answered {answered}.",
        "Diterima: endpoint menjawab {answered}.",
    ),
    "endpoints.test_waits": (
        "Nothing is known of it yet: does `lunas run notify` run? `lunas notifications list --kind endpoint.test` shows it.",
        "Belum diketahui: apakah `lunas run notify` berjalan? `lunas notifications list --kind endpoint.test` menampilkannya.",
    ),
    "endpoints.trouble": (
        "It was not taken: {trouble}, answer {answered}. It is tried again.",
        "Tidak diterima: {trouble}, jawaban {answered}. Akan dicoba lagi.",
    ),
    "doctor.endpoint_disabled": (
        "webhooks to {application} ({endpoint_id}) were stopped: {because}; what comes waits",
        "webhook ke {application} ({endpoint_id}) dihentikan: {because}; yang datang menunggu",
    ),
    "doctor.endpoint_disabled.fix": (
        "tell its developers, then `lunas endpoints enable {endpoint_id}`, or `lunas endpoints remove {endpoint_id}`",
        "beri tahu pengembangnya, lalu `lunas endpoints enable {endpoint_id}`, atau `lunas endpoints remove {endpoint_id}`",
    ),
    "doctor.endpoint_failing": (
        "webhooks to {application} ({endpoint_id}) have failed since {since}",
        "webhook ke {application} ({endpoint_id}) gagal sejak {since}",
    ),
    "doctor.endpoint_failing.fix": (
        "`lunas notifications list --receiver {endpoint_id}` says why",
        "`lunas notifications list --receiver {endpoint_id}` menunjukkan sebabnya",
    ),
    "notifications.none": ("no notifications", "tidak ada pemberitahuan"),
    "notifications.nothing": (
        "nothing to send again: `lunas notifications list` shows what there is; what waits is sent anyway",
        "tidak ada yang dikirim ulang: `lunas notifications list` menampilkan yang ada; yang menunggu tetap dikirim",
    ),
    "notifications.no_id": (
        "{given} is no id of a notification: `lunas notifications list`",
        "{given} bukan id pemberitahuan: `lunas notifications list`",
    ),
    "notifications.replay_question": (
        "Send {count} notifications again?",
        "Kirim ulang {count} pemberitahuan?",
    ),
    "notifications.replayed": (
        "{count} notifications are sent again, under the same ids.",
        "{count} pemberitahuan dikirim ulang, dengan id yang sama.",
    ),
    "notifications.no_undo": (
        "cannot be taken back: receivers know them by their ids",
        "tidak dapat dibatalkan: penerima mengenalinya dari id",
    ),
}
