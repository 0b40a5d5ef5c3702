"""Help of `lunas credit` and `lunas keys`."""

from __future__ import annotations

ACCOUNTS_HELP: dict[str, str] = {
    "The Scalev store behind the catalogue: ids after a new key or store.": (
        "Toko Scalev di balik katalog: id setelah ganti kunci atau toko."
    ),
    "The Scalev store behind the catalogue.": "Toko Scalev di balik katalog.",
    "Find ids of another store in the catalogue, and what they are in this one, by name and price.": (
        "Temukan id toko lain di katalog, dan apa padanannya di toko ini, menurut nama dan harga."
    ),
    "Without --apply it changes nothing. Exit code 1 while an id is unknown to the store.": (
        "Tanpa --apply tidak ada yang diubah. Kode keluar 1 selama ada id yang tidak dikenal toko."
    ),
    "Write what is sure into the catalogue file.": "Tulis yang sudah pasti ke berkas katalog.",
    "Decide by hand what an id becomes; several are given one by one.": (
        "Tentukan sendiri padanan sebuah id; beberapa diberikan satu per satu."
    ),
    "Credit of customers: who owes, who is frozen, compare with the log.": (
        "Saldo pelanggan: siapa berutang, siapa dibekukan, bandingkan dengan log."
    ),
    "Credit that customers can spend: who owes, whose account is frozen, and what operators decide about that.": (
        "Saldo yang dapat dipakai pelanggan: siapa berutang, akun siapa dibekukan, dan keputusan operator tentangnya."
    ),
    "List accounts that spent credit before its money went back, and those that are frozen.": (
        "Daftar akun yang memakai saldo sebelum uangnya kembali, dan yang dibekukan."
    ),
    "Show what a customer can spend, by top-up, and what is reserved or owed.": (
        "Tampilkan yang dapat dipakai pelanggan, menurut isi saldo, dan yang direservasi atau terutang."
    ),
    "Let nothing be spent from an account until it is freed again. Top-ups are still credited.": (
        "Bekukan saldo sampai dibuka kembali. Isi saldo tetap dikreditkan."
    ),
    "Let an account be spent from again, whatever it owes.": "Buka kembali saldo, berapa pun utangnya.",
    "Take a debt over as our loss: credit that was spent before its money went back.": (
        "Tanggung utang sebagai kerugian kita: saldo yang dipakai sebelum uangnya kembali."
    ),
    "Fold every account from the beginning of the log, compare with what is kept, and list every difference.": (
        "Lipat setiap akun dari awal log, bandingkan dengan yang tersimpan, dan daftar setiap perbedaan."
    ),
    "Build what is kept of every account from the log again. Spends and grants nothing; processes may go on.": (
        "Bangun ulang catatan setiap akun dari log. Tidak memakai atau memberi apa pun; proses boleh terus berjalan."
    ),
    "Keys of applications: make, list, revoke.": "Kunci aplikasi: buat, daftar, cabut.",
    "Keys of applications beside LUNAS_API_KEY, which may do everything: each for what it is needed for. Only their hashes are kept.": (
        "Kunci aplikasi selain LUNAS_API_KEY yang boleh segalanya: masing-masing untuk keperluannya. Hanya hash-nya yang disimpan."
    ),
    "What it may do; several are given one by one.": "Yang boleh dilakukannya; beberapa diberikan satu per satu.",
    "Only calls about this customer.": "Hanya panggilan tentang pelanggan ini.",
    "Calls per second it may make at most, and as many at once.": (
        "Panggilan per detik paling banyak, dan sebanyak itu sekaligus."
    ),
    "Make a key and show it, this once: nobody can read it again.": (
        "Buat kunci dan tampilkan sekali ini saja: tidak ada yang dapat membacanya lagi."
    ),
    "List keys, newest first: what each may do, and when it was used last.": (
        "Daftar kunci, terbaru dahulu: yang boleh dilakukan masing-masing, dan kapan terakhir dipakai."
    ),
    "Let a key open nothing any more; within two seconds, in every process.": (
        "Cabut kunci; dalam dua detik, di setiap proses."
    ),
    "Give a payment back, or a part of it. What is to go back is reserved now; a running API asks the provider within seconds.": (
        "Kembalikan pembayaran, seluruhnya atau sebagian. Dana dicadangkan sekarang; API yang berjalan memanggil penyedia dalam hitungan detik."
    ),
    "Record that a payment was refunded at the provider's dashboard, which nobody told us: it counts like a refund of ours, once.": (
        "Catat bahwa pembayaran dikembalikan di dasbor penyedia, yang tidak dikabarkan siapa pun: dihitung seperti pengembalian dari kita, sekali."
    ),
    "Mayar and Scalev tell no refunds, and Mayar names none: two of the same amount need an id each. Once an approver is named, above "
    "LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.": (
        "Mayar dan Scalev tidak mengabarkan pengembalian, dan Mayar tidak menamainya: dua dengan jumlah yang sama perlu id masing-masing. Begitu ada penyetuju, "
        "di atas LUNAS_CORRECTION_APPROVAL_IDR menunggu sampai orang lain memberi `lunas approve`."
    ),
    "The provider's id of the refund, where it gives one.": "Id pengembalian dari penyedia, bila ada.",
    "Take back that a refund was recorded by `refunded`: what it took is granted again. ID is the refund's.": (
        "Batalkan pengembalian yang dicatat dengan `refunded`: yang ditariknya diberikan lagi. ID milik pengembalian itu."
    ),
    "Whole rupiah; without it everything that is left.": "Rupiah utuh; tanpa ini seluruh sisanya.",
    "Orders paid outside any provider: list, confirm, reject.": (
        "Pesanan yang dibayar di luar penyedia: daftar, konfirmasi, tolak."
    ),
    "Orders that customers pay outside any provider; they wait until a person has seen the money.": (
        "Pesanan yang dibayar pelanggan di luar penyedia; menunggu sampai seseorang melihat uangnya."
    ),
    "List orders that wait for a person, oldest first.": "Daftar pesanan yang menunggu konfirmasi, tertua dulu.",
    "Confirmed and rejected orders too.": "Juga pesanan yang sudah dikonfirmasi dan ditolak.",
    "Say that the money of an order has come, in full. What was ordered is granted.": (
        "Nyatakan uang pesanan sudah masuk, seluruhnya. Yang dipesan diberikan."
    ),
    "Where the proof of payment is: a number, a file, a link.": "Letak bukti pembayaran: nomor, berkas, tautan.",
    "Say that an order will not be paid. Its customer may order again.": (
        "Nyatakan pesanan tidak akan dibayar. Pelanggannya boleh memesan lagi."
    ),
}
