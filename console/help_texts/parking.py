"""Help of parked streams, and of rejected requests that are verified again."""

from __future__ import annotations

PARKING_HELP: dict[str, str] = {
    "Take a settlement back: everything is as if nobody had settled, and the letter waits again. What its provider says of the payment counts.": (
        "Tarik kembali penyelesaian: semuanya seolah tidak pernah diselesaikan, dan suratnya menunggu lagi. Kata penyedia tentang pembayarannya berlaku."
    ),
    "Above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`; `lunas revert` lets the settlement count again.": (
        "Di atas LUNAS_CORRECTION_APPROVAL_IDR menunggu sampai orang lain menyatakan `lunas approve`; `lunas revert` memberlakukan lagi penyelesaiannya."
    ),
    "Take a confirmation back: everything is as if nobody had confirmed, and the order waits for its money again.": (
        "Tarik kembali konfirmasi: semuanya seolah tidak pernah dikonfirmasi, dan pesanannya menunggu uangnya lagi."
    ),
    "Above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`; `lunas revert` lets the confirmation count again.": (
        "Di atas LUNAS_CORRECTION_APPROVAL_IDR menunggu sampai orang lain menyatakan `lunas approve`; `lunas revert` memberlakukan lagi konfirmasinya."
    ),
    "List what a failed delivery holds up, the oldest first: how many wait behind it, and the money they speak of. With STREAM: what waits in it.": (
        "Daftar yang tertahan oleh kiriman yang gagal, tertua dahulu: berapa yang menunggu di belakangnya, dan uang yang disebut. Dengan STREAM: "
        "yang menunggu di dalamnya."
    ),
    "A stream is what its provider's deliveries are about: a payment, an order or a subscription. It goes on by itself when the letter at its head "
    "is replayed, settled or discarded. Of each the largest amount is shown: its deliveries speak of the same money.": (
        "Aliran adalah hal yang diceritakan kiriman penyedia: satu pembayaran, pesanan atau langganan. Aliran berjalan lagi sendiri bila surat "
        "terdepannya diulang, diselesaikan atau dibuang. Yang tampil jumlah terbesarnya: kirimannya berbicara tentang uang yang sama."
    ),
    "Let what waits in a parked stream go on although its head still fails. The letters stay open, and hold nothing up any more.": (
        "Jalankan lagi yang menunggu di aliran yang diparkir walaupun yang terdepan masih gagal. Suratnya tetap terbuka, dan tidak menahan apa pun lagi."
    ),
    "Decisions follow the facts whatever order they come in, so what the head would have said can be added later. Until then they rest on less.": (
        "Keputusan mengikuti fakta dalam urutan apa pun, jadi isi yang terdepan bisa menyusul. Sampai saat itu keputusan bertumpu pada lebih sedikit fakta."
    ),
    "Verify the rejected requests of a provider again, and admit those that are genuine: each once, in the order they came.": (
        "Periksa lagi permintaan satu penyedia yang ditolak, dan terima yang asli: masing-masing sekali, menurut urutan datangnya."
    ),
    "First it says how many are, and how much money they speak of. Cut off in between, the same command goes on where it stopped; run again, it finds "
    "nothing more to do. What was not kept whole cannot be admitted: have the provider send it again, or reconcile.": (
        "Lebih dulu disebutkan berapa yang asli, dan berapa uang yang disebut. Bila terputus, perintah yang sama melanjutkan; bila diulang, tidak ada "
        "lagi yang dikerjakan. Yang tidak tersimpan utuh tidak bisa diterima: minta penyedia mengirim lagi, atau cocokkan."
    ),
    "File with a right secret, several separated by commas; may be given more than once. Without it, the secrets that are configured now.": (
        "Berkas berisi rahasia yang benar, beberapa dipisah koma; boleh lebih dari sekali. Tanpa ini, rahasia yang diatur sekarang."
    ),
    "Only say what would be admitted.": "Hanya sebutkan yang akan diterima.",
}
