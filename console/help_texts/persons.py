"""Help of `lunas customers export|erase|rekey`."""

from __future__ import annotations

PERSONS_HELP: dict[str, str] = {
    "Persons behind customers: export what is held, forget them, exchange their key.": (
        "Orang di balik pelanggan: ekspor yang disimpan, lupakan mereka, tukar kuncinya."
    ),
    "Persons behind customers: give them all that is held about them, forget them, exchange the key that they are sealed by.": (
        "Orang di balik pelanggan: berikan semua yang disimpan tentang mereka, lupakan mereka, tukar kunci penyegelnya."
    ),
    "Exchange the key that personal data is sealed by. Nothing that is readable is lost, and everything goes on meanwhile.": (
        "Tukar kunci penyegel data pribadi. Yang terbaca tetap terbaca, dan semuanya tetap berjalan selama itu."
    ),
    "First every process gets both: LUNAS_PERSONAL_DATA_KEY the new one, LUNAS_PERSONAL_DATA_KEY_BEFORE the present one; a process that was not started "
    "again with them is refused from then on. Stopped half-way, the same command goes on. `lunas doctor` says when the key of before may go.": (
        "Lebih dahulu setiap proses diberi keduanya: LUNAS_PERSONAL_DATA_KEY kunci baru, LUNAS_PERSONAL_DATA_KEY_BEFORE kunci sekarang; proses yang tidak "
        "dimulai ulang dengannya ditolak sejak itu. Bila terhenti di tengah jalan, perintah yang sama melanjutkan. `lunas doctor` memberi tahu kapan kunci "
        "sebelumnya boleh dihapus."
    ),
    "Where to write the JSON document; what is in it is told in numbers then.": (
        "Ke mana dokumen JSON ditulis; isinya lalu disebut dalam angka."
    ),
    "Give everything that is held about a person: facts, decisions, webhooks byte for byte, notifications, acts of operators.": (
        "Berikan semua yang disimpan tentang seseorang: fakta, keputusan, webhook bita demi bita, pemberitahuan, tindakan operator."
    ),
    "As a text to read, with --json or --output as one JSON document. It is kept in the audit record that it was asked for.": (
        "Sebagai teks untuk dibaca; dengan --json atau --output sebagai satu dokumen JSON. Permintaan ini dicatat di catatan audit."
    ),
    "Forget a person: destroy the keys of their addresses, name and phone number, and empty their webhooks. Balances and books stay.": (
        "Lupakan seseorang: musnahkan kunci alamat, nama, dan nomor teleponnya, dan kosongkan webhook-nya. Saldo dan pembukuan tetap."
    ),
    "Two persons say it, each with this command: the first one asks, the second one agrees, and then it is done and cannot be taken back. The "
    "certificate says what was destroyed and what remains; docs/personal-data.md says what else holds copies, and for how long.": (
        "Dua orang menyatakannya, masing-masing dengan perintah ini: yang pertama meminta, yang kedua menyetujui, lalu dilaksanakan dan tidak dapat "
        "dibatalkan. Sertifikat menyebut yang dimusnahkan dan yang tersisa; docs/personal-data.md menyebut di mana lagi ada salinan, dan berapa lama."
    ),
}
