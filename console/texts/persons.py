"""Sentences of `lunas customers export|erase|rekey`, and of webhooks whose bytes are gone."""

from __future__ import annotations

PERSONS: dict[str, tuple[str, str]] = {
    "customer.unknown": (
        "No customer {customer} was ever registered.",
        "Pelanggan {customer} tidak pernah terdaftar.",
    ),
    "export.heading": (
        "Everything that is held about customer {customer}, {moment}:",
        "Semua yang disimpan tentang pelanggan {customer}, {moment}:",
    ),
    "export.reason": ("asked for", "diminta"),
    "export.undo": ("Nothing was changed.", "Tidak ada yang diubah."),
    "export.written": ("{file} was written: {counts}", "{file} ditulis: {counts}"),
    "file.not_written": (
        "{file} cannot be written: {error}",
        "{file} tidak dapat ditulis: {error}",
    ),
    "erase.question": (
        "Forget customer {customer}? {keys} keys, {bodies} webhooks and the payer of {payments} payments go for good; {shared} addresses are others' too, "
        "and {in_clear} stand in the log in clear.",
        "Lupakan pelanggan {customer}? {keys} kunci, {bodies} webhook dan pembayar dari {payments} pembayaran hilang selamanya; {shared} alamat juga milik "
        "orang lain, dan {in_clear} tertulis terang di log.",
    ),
    "erase.asked": (
        "It is asked for that customer {customer} is forgotten ({id}). Nothing is destroyed until another person says the same: "
        "lunas customers erase {customer} --reason …",
        "Penghapusan pelanggan {customer} diminta ({id}). Tidak ada yang dimusnahkan sampai orang lain menyatakan hal yang sama: "
        "lunas customers erase {customer} --reason …",
    ),
    "erase.asked_undo": (
        "none needed: nothing happens unless another person agrees",
        "tidak perlu: tidak terjadi apa-apa bila tidak ada orang lain yang menyetujui",
    ),
    "erase.no_undo": (
        "none: what is destroyed cannot be brought back",
        "tidak ada: yang dimusnahkan tidak dapat dikembalikan",
    ),
    "erase.done": (
        "Customer {customer} is forgotten: {keys} keys were destroyed. Certificate:",
        "Pelanggan {customer} telah dilupakan: {keys} kunci dimusnahkan. Sertifikat:",
    ),
    "erase.incomplete": (
        "Not everything could go: addresses that are others' too stay, and what the log held in clear from before it was sealed stays there.",
        "Tidak semuanya dapat dihapus: alamat yang juga milik orang lain tetap ada, dan yang tertulis terang di log sebelum disegel tetap di sana.",
    ),
    "erase.not_sealed": (
        "The log of this installation holds personal data in clear: nobody can be forgotten. Set LUNAS_PERSONAL_DATA_KEY; what is recorded from then on "
        "can be.",
        "Log instalasi ini menyimpan data pribadi secara terang: tidak ada yang dapat dilupakan. Isi LUNAS_PERSONAL_DATA_KEY; yang dicatat sejak itu bisa.",
    ),
    "erase.own": (
        "{by} asked for it: another person must agree that customer {customer} is forgotten. Nothing was changed.",
        "{by} yang memintanya: orang lain harus menyetujui penghapusan pelanggan {customer}. Tidak ada yang diubah.",
    ),
    "erase.nothing": (
        "Nothing personal is held about customer {customer} any more.",
        "Tidak ada lagi data pribadi yang disimpan tentang pelanggan {customer}.",
    ),
    "erase.open": (
        "{count} webhooks of theirs wait in the parking lot: what they say would be lost. Deal with them first: lunas dlq list. Nothing was changed.",
        "{count} webhook miliknya menunggu di tempat parkir: isinya akan hilang. Selesaikan dahulu: lunas dlq list. Tidak ada yang diubah.",
    ),
    "rekey.not_sealed": (
        "The log of this installation holds personal data in clear: there is no key to exchange.",
        "Log instalasi ini menyimpan data pribadi secara terang: tidak ada kunci untuk ditukar.",
    ),
    "rekey.one_key": (
        "This process has one key, and everything is sealed by it. Give every process the new one as LUNAS_PERSONAL_DATA_KEY and the present one as "
        "LUNAS_PERSONAL_DATA_KEY_BEFORE, start them again, then repeat this. Nothing was changed.",
        "Proses ini punya satu kunci, dan semuanya disegel dengannya. Beri setiap proses kunci baru sebagai LUNAS_PERSONAL_DATA_KEY dan kunci sekarang "
        "sebagai LUNAS_PERSONAL_DATA_KEY_BEFORE, mulai ulang semuanya, lalu ulangi perintah ini. Tidak ada yang diubah.",
    ),
    "rekey.over": (
        "Everything is sealed by LUNAS_PERSONAL_DATA_KEY already; LUNAS_PERSONAL_DATA_KEY_BEFORE may go. If that one is to be the new key, exchange the two "
        "variables first. Nothing was changed.",
        "Semuanya sudah disegel dengan LUNAS_PERSONAL_DATA_KEY; LUNAS_PERSONAL_DATA_KEY_BEFORE boleh dihapus. Bila itu yang seharusnya menjadi kunci baru, "
        "tukar dahulu kedua variabel itu. Tidak ada yang diubah.",
    ),
    "rekey.by_another": (
        "Somebody else exchanges the key at the same time: look at lunas doctor, and repeat this if it goes on.",
        "Orang lain sedang menukar kunci pada saat yang sama: lihat lunas doctor, dan ulangi perintah ini bila belum selesai.",
    ),
    "rekey.question": (
        "Exchange the key that personal data is sealed by? Every process must have both keys and have been started again with them: from now on those with "
        "the old one alone are refused.",
        "Tukar kunci penyegel data pribadi? Setiap proses harus memiliki kedua kunci dan sudah dimulai ulang dengannya: mulai sekarang proses yang hanya "
        "punya kunci lama ditolak.",
    ),
    "rekey.go_on": (
        "Go on with the exchange of the key? {keys} keys of persons are still sealed by the one of before.",
        "Lanjutkan penukaran kunci? {keys} kunci orang masih disegel dengan kunci sebelumnya.",
    ),
    "rekey.going_on": ("{keys} keys of persons are sealed anew.", "{keys} kunci orang disegel ulang."),
    "rekey.done": (
        "The key is exchanged: {keys} keys of persons were sealed anew, and nothing is sealed by the one of before. Take LUNAS_PERSONAL_DATA_KEY_BEFORE away "
        "from every process. Backups of before need that key: keep it apart until the last of them is gone.",
        "Kunci sudah ditukar: {keys} kunci orang disegel ulang, dan tidak ada lagi yang disegel dengan kunci sebelumnya. Hapus LUNAS_PERSONAL_DATA_KEY_BEFORE "
        "dari setiap proses. Cadangan dari sebelumnya memerlukan kunci itu: simpan terpisah sampai cadangan terakhir tidak ada lagi.",
    ),
    "rekey.undo": (
        "the same way back: the two variables exchanged, every process started again, and lunas customers rekey",
        "dengan cara yang sama: kedua variabel ditukar, setiap proses dimulai ulang, lalu lunas customers rekey",
    ),
    "doctor.personal": (
        "Personal data is sealed by LUNAS_PERSONAL_DATA_KEY.",
        "Data pribadi disegel dengan LUNAS_PERSONAL_DATA_KEY.",
    ),
    "doctor.personal_to_begin": (
        "LUNAS_PERSONAL_DATA_KEY is to take the place of the key that personal data is sealed by; the exchange has not begun.",
        "LUNAS_PERSONAL_DATA_KEY akan menggantikan kunci penyegel data pribadi; penukaran belum dimulai.",
    ),
    "doctor.personal_to_begin.fix": (
        "when every process was started again with both keys: lunas customers rekey --reason …",
        "setelah setiap proses dimulai ulang dengan kedua kunci: lunas customers rekey --reason …",
    ),
    "doctor.personal_under_way": (
        "The key of personal data is being exchanged since {moment}: {keys} keys of persons are still sealed by the one of before, which every process needs.",
        "Kunci data pribadi sedang ditukar sejak {moment}: {keys} kunci orang masih disegel dengan kunci sebelumnya, yang diperlukan setiap proses.",
    ),
    "doctor.personal_under_way.fix": (
        "if nobody is at it, go on: lunas customers rekey --reason …",
        "bila tidak ada yang menjalankannya, lanjutkan: lunas customers rekey --reason …",
    ),
    "doctor.personal_over": (
        "Nothing is sealed by LUNAS_PERSONAL_DATA_KEY_BEFORE.",
        "Tidak ada yang disegel dengan LUNAS_PERSONAL_DATA_KEY_BEFORE.",
    ),
    "doctor.personal_over.fix": (
        "take it away from every process; keep the key apart for as long as a backup of before its exchange is kept",
        "hapus dari setiap proses; simpan kunci itu terpisah selama cadangan dari sebelum penukarannya masih disimpan",
    ),
    "doctor.personal_wrong.fix": (
        "give this process the key that the others have; without it nobody's address can be read",
        "beri proses ini kunci yang dimiliki proses lain; tanpanya alamat siapa pun tidak dapat dibaca",
    ),
    "webhook.redacted": (
        "The bytes of delivery {id} are gone since {moment}: a person was forgotten, or they were older than LUNAS_RAW_BODY_DAYS. Their SHA-256 was {sha256}.",
        "Bita kiriman {id} sudah tidak ada sejak {moment}: seseorang dilupakan, atau lebih tua dari LUNAS_RAW_BODY_DAYS. SHA-256-nya {sha256}.",
    ),
}
