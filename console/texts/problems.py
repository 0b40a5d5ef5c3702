"""Problems by cause."""

from __future__ import annotations

PROBLEMS: dict[str, tuple[str, str]] = {
    "problems.none": ("Nothing is parked, held or silent.", "Tidak ada yang diparkir, tertahan atau sunyi."),
    "problems.unknown": (
        "Nothing is wrong (any more) under “{id}”, or more than one thing is: lunas problems list --all",
        "Tidak ada (lagi) masalah dengan nama “{id}”, atau lebih dari satu: lunas problems list --all",
    ),
    "problems.over": (
        "Nothing is wrong any more under {id}: {by} called it {status} on {at}. Everything said of it: lunas audit list --target {id}",
        "Tidak ada lagi masalah {id}: {by} menandainya {status} pada {at}. Semua yang dikatakan: lunas audit list --target {id}",
    ),
    "problems.said": (
        "Problem {id} is {status} already. Nothing was changed.",
        "Masalah {id} sudah berstatus {status}. Tidak ada yang diubah.",
    ),
    "problems.changed": ("Problem {id} is {status}.", "Masalah {id} berstatus {status}."),
    "problems.noted": ("Noted at problem {id}.", "Dicatat pada masalah {id}."),
    "problems.note_undo": (
        "not needed: a note changes nothing",
        "tidak perlu: catatan tidak mengubah apa pun",
    ),
    "problems.next.held": (
        "lunas suspense list --provider {provider}, then claim, refund or write off",
        "lunas suspense list --provider {provider}, lalu klaim, kembalikan atau hapus buku",
    ),
    "problems.next.silence": (
        "lunas doctor {provider}; then lunas reconcile run {provider} fetches what did not come",
        "lunas doctor {provider}; lalu lunas reconcile run {provider} mengambil yang tidak datang",
    ),
    "problems.because": ("because of {id}", "karena {id}"),
    "problems.again": ("came back", "muncul lagi"),
    "problems.replay": ("What a replay would change: {command}", "Apa yang diubah putar ulang: {command}"),
    "problems.hidden": (
        "{count} more are fixed or ignored: --all shows them.",
        "{count} lagi sudah diperbaiki atau diabaikan: --all menampilkannya.",
    ),
}
