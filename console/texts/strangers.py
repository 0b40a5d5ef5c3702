"""What bodies of webhooks carry that nobody here knows."""

from __future__ import annotations

STRANGERS: dict[str, tuple[str, str]] = {
    "strangers.field": ("field", "bidang"),
    "strangers.event": ("event", "peristiwa"),
    "strangers.none": (
        "Webhooks carry nothing that this version does not know.",
        "Webhook tidak memuat hal yang tidak dikenal versi ini.",
    ),
    "strangers.nothing": (
        "{name}: nothing is waiting to be acknowledged; see `lunas webhooks strangers --all`",
        "{name}: tidak ada yang menunggu diakui; lihat `lunas webhooks strangers --all`",
    ),
    "strangers.done": ("{count} of {name} acknowledged", "{count} dari {name} diakui"),
    "strangers.undo": (
        "not needed: they stay in `lunas webhooks strangers --all`, and are counted on",
        "tidak perlu: tetap ada di `lunas webhooks strangers --all`, dan terus dihitung",
    ),
    "strangers.line": (
        "Unknown     webhooks of {name} carry {count} fields or events that this version does not know: `lunas webhooks strangers`",
        "Asing       webhook {name} memuat {count} bidang atau peristiwa yang tidak dikenal versi ini: `lunas webhooks strangers`",
    ),
    "doctor.strangers": (
        "webhooks of {name} carry {count} fields or events that this version does not know",
        "webhook {name} memuat {count} bidang atau peristiwa yang tidak dikenal versi ini",
    ),
    "doctor.strangers.fix": (
        "`lunas webhooks strangers` names them with an example each; then `lunas webhooks acknowledge {name} --reason …`",
        "`lunas webhooks strangers` menyebutnya dengan satu contoh masing-masing; lalu `lunas webhooks acknowledge {name} --reason …`",
    ),
    "doctor.no_strangers": (
        "webhooks carry nothing that is not known",
        "webhook tidak memuat yang tidak dikenal",
    ),
}
