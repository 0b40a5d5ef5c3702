"""Help of `lunas reconcile`."""

from __future__ import annotations

RECONCILING_HELP: dict[str, str] = {
    "Compare a provider's own lists with our record: run, show.": "Cocokkan daftar penyedia dengan catatan kita: jalankan, tampilkan.",
    "A provider's own lists compared with our record: webhooks that were lost are found, and what differs is told.": (
        "Daftar milik penyedia dicocokkan dengan catatan kita: webhook yang hilang ditemukan, dan yang berbeda ditunjukkan."
    ),
    "Read the provider's lists from now back to --since, and give what is missing here to the queue, as its webhook would have been.": (
        "Baca daftar penyedia dari sekarang mundur sampai --since, dan berikan yang tidak ada di sini ke antrean, seperti webhook-nya."
    ),
    "Without --since it looks two days back, or goes on with a run that was cut off. It changes no money by itself: what else differs is "
    "listed by `lunas reconcile show`. Exit code 1 while something differs, or when the provider did not let us see everything.": (
        "Tanpa --since melihat dua hari ke belakang, atau melanjutkan yang terputus. Uang tidak diubah dengan sendirinya: beda lain "
        "ditampilkan oleh `lunas reconcile show`. Kode keluar 1 selama ada yang berbeda, atau bila penyedia tidak menampilkan semuanya."
    ),
    "Show what differs between the provider's lists and our record, the largest first, and the newest runs.": (
        "Tampilkan beda antara daftar penyedia dan catatan kita, yang terbesar dulu, dan pencocokan terbaru."
    ),
    "Exit code 1 while something differs.": "Kode keluar 1 selama ada yang berbeda.",
}
