"""The journal of ingress."""

from __future__ import annotations

JOURNAL: dict[str, tuple[str, str]] = {
    "journal.none": (
        "There is no journal in {root}: no ingress of this home wrote one.",
        "Tidak ada jurnal di {root}: belum ada ingress dari home ini yang menulisnya.",
    ),
    "journal.yes": ("yes", "ya"),
    "journal.no": ("no", "tidak"),
    "journal.torn": (
        "{file}: {bytes} bytes at {offset}, after record {record}, are a write that a crash stopped. It was never answered.",
        "{file}: {bytes} bita di {offset}, setelah catatan {record}, adalah tulisan yang terputus. Tidak pernah dijawab.",
    ),
    "journal.damaged": (
        "{file}: {bytes} bytes at {offset}, after record {record}, are not what was written. Ask the provider for what came then: "
        "lunas ingress republish cannot send it.",
        "{file}: {bytes} bita di {offset}, setelah catatan {record}, bukan yang ditulis semula. Mintalah kiriman saat itu kepada "
        "penyedia: lunas ingress republish tidak bisa mengirimnya.",
    ),
    "journal.missing": (
        "{file}: the records between {record} and its first one are missing: a file was taken away.",
        "{file}: catatan antara {record} dan yang pertama di sini hilang: ada berkas yang dihapus.",
    ),
    "journal.whole": ("Every record in {root} is what was written.", "Setiap catatan di {root} sama dengan yang ditulis."),
    "journal.flawed": (
        "{count} places in {root} are not what was written.",
        "{count} tempat di {root} tidak sama dengan yang ditulis.",
    ),
    "republish.nothing": ("Nothing was accepted since then, says {root}.", "Tidak ada yang diterima sejak itu, menurut {root}."),
    "republish.question": (
        "Send {count} accepted deliveries to the broker again?",
        "Kirim {count} kiriman yang diterima sekali lagi ke broker?",
    ),
    "republish.waits": (
        "{count} messages wait in the work queues. What is in them is not missing: this waits until the processor has worked them off. "
        "Without --missing everything is sent at once.",
        "{count} pesan menunggu di antrean kerja. Yang ada di sana tidak hilang: ini menunggu sampai prosesor menyelesaikannya. "
        "Tanpa --missing semuanya dikirim sekaligus.",
    ),
    "republish.done": ("{count} deliveries sent to the broker again.", "{count} kiriman dikirim lagi ke broker."),
    "doctor.journal": (
        "ingress keeps a journal in {root}: {bytes} MiB",
        "ingress menyimpan jurnal di {root}: {bytes} MiB",
    ),
    "doctor.journal_shared": (
        "the journal in {root} is on the same disk as the broker's data: one broken or full disk takes both",
        "jurnal di {root} berada di disk yang sama dengan data broker: satu disk rusak atau penuh menghilangkan keduanya",
    ),
    "doctor.journal_shared.fix": (
        "where it matters, set LUNAS_INGRESS_JOURNAL_DIR to a folder on another disk",
        "bila penting, arahkan LUNAS_INGRESS_JOURNAL_DIR ke folder di disk lain",
    ),
    "doctor.journal_waiting": (
        "{count} accepted deliveries wait in the journal, the first since {since}: the broker does not have them yet",
        "{count} kiriman yang diterima menunggu di jurnal, yang pertama sejak {since}: broker belum memilikinya",
    ),
    "doctor.journal_waiting.fix": (
        "mend the broker, and restart one that runs but confirms nothing, as after a full disk; they go out by themselves. When no ingress runs here any more, start one with this LUNAS_HOME",
        "perbaiki broker, dan mulai ulang broker yang berjalan tetapi tidak mengonfirmasi apa pun, misalnya setelah disk penuh; kiriman itu keluar sendiri. Bila tidak ada ingress lagi di sini, jalankan satu dengan LUNAS_HOME ini",
    ),
}  # fmt: skip
