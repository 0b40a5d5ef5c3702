"""What checkout's calls and models say of themselves, in Indonesian."""

from __future__ import annotations

CHECKOUT_INDONESIAN: dict[str, str] = {
    "The code as a picture for pages of yours, while it can be paid; the secret of the payment page is in the address.": (
        "Kodenya sebagai gambar untuk halaman Anda sendiri, selama masih dapat dibayar; rahasia halaman pembayaran ada di alamatnya."
    ),
    "A customer who is registered.": "Pelanggan yang terdaftar.",
    "Our own page for the payer, who needs no key for it; null where LUNAS_API_PUBLIC_URL is unset.": (
        "Halaman kami sendiri untuk pembayar, tanpa kunci; null bila LUNAS_API_PUBLIC_URL tidak diisi."
    ),
    "A refusal in the source application's shape, in Indonesian.": (
        "Penolakan dalam bentuk aplikasi asal, dalam bahasa Indonesia."
    ),
    "A top-up and what became of it.": "Isi ulang dan hasilnya.",
    "A top-up as the source application asks for it.": "Isi ulang seperti diminta aplikasi asal.",
    "A top-up as asked for. `position` is where the log stands with it: pass it as `min_position` to read your write.": (
        "Isi ulang seperti yang diminta. `position` adalah posisi log-nya: kirim sebagai `min_position` untuk membaca tulisan sendiri."
    ),
    "A top-up in the source application's shapes; what a method does not have is absent.": (
        "Isi ulang dalam bentuk aplikasi asal; yang tidak dimiliki suatu metode tidak dicantumkan."
    ),
    "A top-up that a customer wants to pay.": "Isi ulang yang ingin dibayar pelanggan.",
    "A top-up with what its payer needs: a QR text, an account number or a page.": (
        "Isi ulang beserta yang diperlukan pembayar: teks QR, nomor rekening, atau halaman."
    ),
    "Every refusal is `{error}` in Indonesian; its status is the one of the same problem elsewhere, and 400 for a wrong body.": (
        "Setiap penolakan berupa `{error}` dalam bahasa Indonesia; statusnya sama dengan masalah yang sama di tempat lain, dan 400 untuk "
        "isi yang salah."
    ),
    "False when an equal request was open already: this is that one.": (
        "False bila permintaan yang sama sudah terbuka: inilah permintaan itu."
    ),
    "For OVO, as people write it.": "Untuk OVO, seperti biasa ditulis orang.",
    "For `ewallet`: `OVO` or `GOPAY`.": "Untuk `ewallet`: `OVO` atau `GOPAY`.",
    "For `va`: `BCA_VIRTUAL_ACCOUNT`, `BNI_VIRTUAL_ACCOUNT`, `BRI_VIRTUAL_ACCOUNT` or `MANDIRI_VIRTUAL_ACCOUNT`.": (
        "Untuk `va`: `BCA_VIRTUAL_ACCOUNT`, `BNI_VIRTUAL_ACCOUNT`, `BRI_VIRTUAL_ACCOUNT`, atau `MANDIRI_VIRTUAL_ACCOUNT`."
    ),
    "Make a further request although an equal one is open.": (
        "Buat permintaan lagi walaupun permintaan yang sama masih terbuka."
    ),
    "Milliseconds since 1970.": "Milidetik sejak 1970.",
    "Why its money is in suspense: it came, and nothing was granted for it yet.": (
        "Mengapa uangnya ditahan: sudah masuk, tetapi belum ada yang diberikan untuknya."
    ),
    "Money that comes later is credited and marked late.": (
        "Uang yang datang setelahnya tetap dikreditkan dan ditandai terlambat."
    ),
    "One of the amounts that the catalogue offers.": "Salah satu nominal yang ditawarkan katalog.",
    "Ours; finds the payment everywhere.": "Id kami; menemukan pembayaran di mana pun.",
    "The field, parameter or header that it is about, if one.": "Bidang, parameter, atau header yang dimaksud, bila ada.",
    "The provider's; null until it has answered.": "Id penyedia; null sampai penyedia menjawab.",
    "Top-ups that a customer asked for.": "Isi ulang yang diminta seorang pelanggan.",
    "While an equal request can still be paid it is answered again, however often this is called. 202 says that the provider has "
    "not answered: nothing is charged twice, and the top-up itself says what became of it.": (
        "Selama permintaan yang sama masih dapat dibayar, permintaan itu dijawab lagi, seberapa sering pun dipanggil. 202 berarti penyedia "
        "belum menjawab: tidak ada tagihan ganda, dan isi ulang itu sendiri menunjukkan hasilnya."
    ),
    "Why there is nothing to show: GoPay's sandbox gives no page at times, OVO asks in its app.": (
        "Mengapa tidak ada yang ditampilkan: sandbox GoPay kadang tidak memberi halaman, OVO meminta di aplikasinya."
    ),
    "`payment_id` of the top-up.": "`payment_id` isi ulang.",
    "`unknown` while the provider has not answered: ask again, it is being looked up.": (
        "`unknown` selama penyedia belum menjawab: tanyakan lagi, hasilnya sedang dicari."
    ),
    "An order and what became of it.": "Pesanan dan hasilnya.",
    "An order as made. `position` is where the log stands with it: pass it as `min_position` to read your write.": (
        "Pesanan seperti yang dibuat. `position` adalah posisi log-nya: kirim sebagai `min_position` untuk membaca tulisan sendiri."
    ),
    "An order with the page where it is paid.": "Pesanan beserta halaman pembayarannya.",
    "Id of a product of the catalogue.": "Id produk katalog.",
    "Money that comes later still counts and is marked late.": (
        "Uang yang datang setelahnya tetap dihitung dan ditandai terlambat."
    ),
    "One product and how many of it.": "Satu produk dan jumlahnya.",
    "One product at the price it was ordered for.": "Satu produk dengan harga saat dipesan.",
    "Orders of a customer.": "Pesanan seorang pelanggan.",
    "What a customer wants to buy.": "Yang ingin dibeli pelanggan.",
    "`PAYMENT_PROVIDER` decides where it is paid. The prices of now are the order's, whatever the catalogue says later. While an equal "
    "order can still be paid it is answered again.": (
        "`PAYMENT_PROVIDER` menentukan tempat pembayarannya. Harga saat ini menjadi harga pesanan, apa pun isi katalog kemudian. Selama "
        "pesanan yang sama masih dapat dibayar, pesanan itu dijawab lagi."
    ),
    "`order_id` of the order.": "`order_id` pesanan.",
}
