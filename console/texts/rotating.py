"""Texts about webhook secrets and their rotation."""

from __future__ import annotations

ROTATING: dict[str, tuple[str, str]] = {
    "secrets.question": (
        "Record that {provider} has the secrets {secrets} from now on?",
        "Catat bahwa {provider} memakai rahasia {secrets} mulai sekarang?",
    ),
    "secrets.recorded": (
        "Recorded: secrets {secrets} of {provider} are accepted.",
        "Dicatat: rahasia {secrets} dari {provider} diterima.",
    ),
    "secrets.recorded_so": (
        "The secrets of {provider} are recorded so already.",
        "Rahasia {provider} sudah dicatat demikian.",
    ),
    "secrets.undo": (
        "none: record what is accepted then, with lunas secrets record {provider}",
        "tidak ada: catat yang diterima saat itu, dengan lunas secrets record {provider}",
    ),
    "secrets.none": (
        "This process has no secret of {provider}: name each with --secret ID, as `lunas secrets list` shows it",
        "Proses ini tidak punya rahasia {provider}: sebut masing-masing dengan --secret ID, seperti di `lunas secrets list`",
    ),
    "secrets.wrong": (
        "--secret is wrong: {reason}",
        "--secret salah: {reason}",
    ),
    "doctor.rotation": (
        "{name}: secret {secret} verifies webhooks since {at}, and nobody has recorded why",
        "{name}: rahasia {secret} memverifikasi webhook sejak {at}, dan belum ada yang mencatat alasannya",
    ),
    "doctor.rotation.fix": (
        'if it was you: lunas secrets record {name} --secret {secret} --reason "…", with every secret that is accepted; if nobody did it, who may change ingress has it changed: rotate at once',
        'bila itu Anda: lunas secrets record {name} --secret {secret} --reason "…", dengan setiap rahasia yang diterima; bila tidak ada yang melakukannya, ada yang mengubah ingress: segera ganti',
    ),
}
