"""Help of `lunas ingress`."""

from __future__ import annotations

JOURNAL_HELP: dict[str, str] = {
    "The journal of accepted webhooks: state, check, send again.": "Jurnal webhook yang diterima: keadaan, periksa, kirim lagi.",
    "What ingress accepted, from its own disk: the journal, and sending it to the broker again.": (
        "Yang diterima ingress, dari disknya sendiri: jurnal, dan mengirimnya lagi ke broker."
    ),
    "The journal on this machine's disk: how much is there, and is it whole.": (
        "Jurnal di disk mesin ini: seberapa banyak isinya, dan apakah utuh."
    ),
    "Show every journal of this installation: files, records, and what the broker does not have yet.": (
        "Tampilkan setiap jurnal instalasi ini: berkas, catatan, dan yang belum dimiliki broker."
    ),
    "Read every record and check it against its checksum and its number; names the file and the byte of what is wrong.": (
        "Baca setiap catatan dan cocokkan dengan checksum dan nomornya; menyebut berkas dan bita yang salah."
    ),
    "Exits with 1 when something was changed after it was written, or is missing. The end of a write that a crash stopped is shown, and is "
    "no problem: it was never answered.": (
        "Kode keluar 1 bila ada yang berubah setelah ditulis, atau hilang. Akhir tulisan yang terputus karena mati mendadak ditampilkan, "
        "dan bukan masalah: tidak pernah dijawab."
    ),
    "Only what is not stored and waits nowhere: when the work queues are worked off.": (
        "Hanya yang belum tersimpan dan tidak menunggu di mana pun: setelah antrean kerja selesai."
    ),
    "Send what was accepted since then to the broker again, in order: after the loss of the broker, or of a part of the log.": (
        "Kirim lagi ke broker apa yang diterima sejak saat itu, berurutan: setelah broker, atau sebagian log, hilang."
    ),
    "What was processed already is recognised and changes nothing.": "Yang sudah diproses dikenali dan tidak mengubah apa pun.",
}
