"""Help of `lunas close`."""

from __future__ import annotations

CLOSING_HELP: dict[str, str] = {
    "A day's books by provider, held against the ledger; seal it.": "Pembukuan satu hari per penyedia, dicocokkan dengan buku besar; segel.",
    "Show what a day (in Jakarta) brought at each provider: received, refunded, credited, sold, held, and what the provider owes.": (
        "Tampilkan hasil satu hari (waktu Jakarta) di tiap penyedia: diterima, dikembalikan, menjadi kredit, terjual, tertahan, dan yang harus "
        "disetor penyedia."
    ),
    "Every figure is held against the ledger, to the rupiah, and what differs is named. A sealed day is never changed: what is heard of it "
    "later is shown beside it. Exit code 1 when something differs, 3 when a day that is not over is to be sealed.": (
        "Setiap angka dicocokkan dengan buku besar sampai ke rupiah, dan selisihnya disebut. Hari yang disegel tidak pernah diubah: kabar yang "
        "datang kemudian ditampilkan di sampingnya. Kode keluar 1 bila ada selisih, 3 bila hari yang belum berakhir hendak disegel."
    ),
    "DATE is 2026-11-29, 29/11, yesterday or kemarin.": "DATE: 2026-11-29, 29/11, kemarin atau yesterday.",
    "Keep the figures as they are now, for good.": "Simpan angka seperti sekarang, untuk selamanya.",
    "Tell one by one the payments that make this provider's figures.": "Sebutkan satu per satu pembayaran yang membentuk angka penyedia ini.",
    "Write the rows there.": "Tulis barisnya ke sana.",
    "Write a page to print there.": "Tulis halaman untuk dicetak ke sana.",
}
