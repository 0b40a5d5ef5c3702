"""Help of `lunas reconcile`."""

from __future__ import annotations

RECONCILING_HELP: dict[str, str] = {
    "Compare a provider's own lists with our record: run, show, statement.": (
        "Cocokkan daftar penyedia dengan catatan kita: jalankan, tampilkan, laporan."
    ),
    "A provider's own lists compared with our record: webhooks that were lost are found, and what differs is told.": (
        "Daftar milik penyedia dicocokkan dengan catatan kita: webhook yang hilang ditemukan, dan yang berbeda ditunjukkan."
    ),
    "Read the provider's lists from now back to --since, and give what is missing here to the queue, as its webhook would have been.": (
        "Baca daftar penyedia dari sekarang mundur sampai --since, dan berikan yang tidak ada di sini ke antrean, seperti webhook-nya."
    ),
    "Without --since it looks back to two days before the last complete comparison, or goes on with a run that was cut off. It changes no money by "
    "itself: what else differs is listed by `lunas reconcile show`. Exit code 1 while something differs, or when the provider did not let us see everything.": (
        "Tanpa --since melihat sampai dua hari sebelum pencocokan lengkap terakhir, atau melanjutkan yang terputus. Uang tidak diubah dengan sendirinya: beda lain "
        "ditampilkan oleh `lunas reconcile show`. Kode keluar 1 selama ada yang berbeda, atau bila penyedia tidak menampilkan semuanya."
    ),
    "Show what differs between the provider's lists and our record, the largest first, and the newest runs.": (
        "Tampilkan beda antara daftar penyedia dan catatan kita, yang terbesar dulu, dan pencocokan terbaru."
    ),
    "Hold a provider's statement of settlement (CSV) against our record, to the rupiah.": (
        "Cocokkan laporan penyelesaian penyedia (CSV) dengan catatan kita, sampai rupiah."
    ),
    "Each payment of it is looked up by any of its ids; what we do not know, count otherwise, or find twice in it is named with its line. Nothing is "
    "changed without --record. Exit code 1 when it does not tie.": (
        "Tiap pembayarannya dicari menurut id mana pun; yang tidak kita kenal, dihitung berbeda, atau muncul dua kali disebut dengan barisnya. Tidak ada "
        "yang diubah tanpa --record. Kode keluar 1 bila tidak cocok."
    ),
    "What we have as paid and the file does not name is told too. A provider settles payments some days after they were paid, each channel's in "
    "its own time, so only those are looked for that were paid between the first and the last payment of their own channel that the file names. "
    "A file with stragglers of long ago is held to a shorter time with --since.": (
        "Yang tercatat lunas pada kita dan tidak disebut di berkas juga ditunjukkan. Penyedia menyelesaikan pembayaran beberapa hari setelah dibayar, "
        "tiap kanal dengan waktunya sendiri, jadi hanya dicari yang dibayar di antara pembayaran pertama dan terakhir dari kanalnya yang disebut di berkas. "
        "Berkas yang juga memuat pembayaran lama dibatasi waktunya dengan --since."
    ),
    "With --record the payments that tie are marked as paid out, and what the provider kept of each is booked (`lunas close` shows it). The file "
    "outweighs what webhooks said of fees. It is asked before, and the same file again changes nothing.": (
        "Dengan --record pembayaran yang cocok ditandai sudah disetor, dan biaya penyedia atas masing-masing dibukukan (terlihat di `lunas close`). Berkas ini "
        "mengalahkan yang disebut webhook tentang biaya. Ditanyakan dulu, dan berkas yang sama sekali lagi tidak mengubah apa pun."
    ),
    "Record what ties: that it was paid out, and what the provider kept of it.": (
        "Catat yang cocok: bahwa sudah disetor, dan berapa biaya penyedia."
    ),
    "Look for payments of ours that the file does not name only from then on.": (
        "Cari pembayaran kita yang tidak disebut di berkas hanya sejak waktu itu."
    ),
    "Look for payments of ours that the file does not name only until then; a day counts to its end.": (
        "Cari pembayaran kita yang tidak disebut di berkas hanya sampai waktu itu; satu hari dihitung sampai akhirnya."
    ),
    "Heading of the column with the payments' ids.": "Judul kolom dengan id pembayaran.",
    "Heading of the column with the amounts that payers paid.": "Judul kolom dengan jumlah yang dibayar.",
    "Heading of the column with the provider's fees.": "Judul kolom dengan biaya penyedia.",
    "Heading of the column with what arrived.": "Judul kolom dengan jumlah yang diterima.",
    "Exit code 1 while something differs.": "Kode keluar 1 selama ada yang berbeda.",
}
