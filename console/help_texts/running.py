"""Help of the program itself and of the commands that start, check and simulate."""

from __future__ import annotations

RUNNING: dict[str, str] = {
    "Commands": "Perintah",
    "Options": "Opsi",
    "[OPTIONS]": "[OPSI]",
    "COMMAND [ARGS]...": "PERINTAH [ARGUMEN]...",
    "Signed payment webhooks in; exact balances, subscriptions and enrollments out.": (
        "Webhook pembayaran bertanda tangan masuk; saldo, langganan dan kelas yang tepat keluar."
    ),
    "Without being told, every command works on the instance that `make run` started in this checkout. Data goes to "
    "stdout, everything else to stderr. Add --json to a listing for one JSON document.": (
        "Tanpa diberi tahu, setiap perintah bekerja pada instans yang dijalankan `make run` di folder ini. Data keluar di "
        "stdout, selebihnya di stderr. Tambahkan --json pada daftar untuk satu dokumen JSON."
    ),
    "Exit codes: 0 fine, 1 found problems, or a service does not answer (within 5 s), 2 wrong use, 3 refused for safety.": (
        "Kode keluar: 0 baik, 1 ada masalah, atau layanan tidak menjawab (dalam 5 detik), 2 salah pakai, 3 ditolak demi keamanan."
    ),
    "Language of messages and help; otherwise LUNAS_LANG or the locale decides.": (
        "Bahasa pesan dan bantuan; tanpa ini LUNAS_LANG atau lokal sistem yang menentukan."
    ),
    "Show the version and exit.": "Tampilkan versi lalu keluar.",
    "Show this message and exit.": "Tampilkan bantuan ini lalu keluar.",
    "Start one process, or all of them in one.": "Jalankan satu proses, atau semuanya dalam satu.",
    "Start everything on this machine, private services included, until Ctrl-C.": (
        "Jalankan semuanya di mesin ini, termasuk layanan sendiri, sampai Ctrl-C."
    ),
    "Play a day of payments through a private instance and check the result.": (
        "Mainkan pembayaran sehari pada instans sendiri dan periksa hasilnya."
    ),
    "Bring the database schema up to date.": "Mutakhirkan skema basis data.",
    "Open the database in psql, as a reader.": "Buka basis data di psql, sebagai pembaca.",
    "Open the database of the instance in psql, or run one statement with -c.": (
        "Buka basis data instans di psql, atau jalankan satu perintah dengan -c."
    ),
    "As the read-only role `lunas_reader`, which sees the views that SQL readers may rely on, in a session that cannot write.": (
        "Sebagai peran `lunas_reader`, yang melihat view untuk pembaca SQL, dalam sesi yang tidak bisa menulis."
    ),
    "As the role of this command: its tables too, still without writing.": (
        "Sebagai peran perintah ini: tabelnya juga, tetap tanpa menulis."
    ),
    "As the login of the address, which may change everything; no audit record is made.": (
        "Sebagai login dari alamatnya, yang bisa mengubah semuanya; tanpa catatan audit."
    ),
    "What is wrong, why, and how to fix it.": "Apa yang salah, mengapa, dan cara memperbaikinya.",
    "Find a payment, delivery, customer or order by anything you have.": (
        "Cari pembayaran, kiriman, pelanggan atau pesanan dengan apa pun yang ada."
    ),
    "The timeline of one payment.": "Linimasa satu pembayaran.",
    "Every delivery ever received: list, show, exact bytes, replay.": (
        "Setiap kiriman yang pernah diterima: daftar, rincian, isi persis, ulang."
    ),
    "Dead letters: list, group, look, replay, discard.": "Surat mati: daftar, kelompok, lihat, ulang, tutup.",
    "Read models: state, rebuild, switch, verify.": "Model baca: keadaan, bangun ulang, ganti, periksa.",
    "Send correctly signed webhooks, as a provider would.": (
        "Kirim webhook bertanda tangan benar, seperti penyedia."
    ),
    "Start one process and keep it in the foreground until SIGTERM or Ctrl-C.": (
        "Jalankan satu proses di latar depan sampai SIGTERM atau Ctrl-C."
    ),
    "It takes its settings from the environment alone. `all` runs every process inside one, for small shops.": (
        "Pengaturannya hanya dari lingkungan. `all` menjalankan semua proses dalam satu, untuk toko kecil."
    ),
    "Start a private PostgreSQL and RabbitMQ and all processes, and keep them running until Ctrl-C.": (
        "Jalankan PostgreSQL dan RabbitMQ sendiri serta semua proses, sampai Ctrl-C."
    ),
    "LUNAS_DATABASE_URL and LUNAS_BROKER_URL, when set, are used instead of private ones. What dies is started again.": (
        "LUNAS_DATABASE_URL dan LUNAS_BROKER_URL, bila diatur, dipakai sebagai gantinya. Yang mati dijalankan lagi."
    ),
    "Play a day of signed webhooks of three providers, with duplicates and disorder, through a real private instance.": (
        "Mainkan webhook bertanda tangan sehari dari tiga penyedia, dengan ulangan dan acak urutan, pada instans sungguhan."
    ),
    "Shows per customer what they paid, what they have and why; what waits and what was turned away; then checks that "
    "not a rupiah is missing. Everything it starts is stopped again. Exit code 1 when something is not as it must be.": (
        "Menampilkan per pelanggan yang dibayar, yang dimiliki dan alasannya; yang menunggu dan yang ditolak; lalu memeriksa "
        "bahwa tidak serupiah pun hilang. Semua yang dijalankan dihentikan lagi. Kode keluar 1 bila ada yang tidak benar."
    ),
    "Another number, another day; the same number, the same day.": (
        "Angka lain, hari lain; angka sama, hari yang sama."
    ),
    "How many customers take part.": "Banyaknya pelanggan.",
    "How many deliveries the day has, about.": "Banyaknya kiriman pada hari itu, kira-kira.",
    "Bring the database schema up to date, the first tables of the read models included.": (
        "Mutakhirkan skema basis data, termasuk tabel pertama model baca."
    ),
    "Safe to run at any time and by several at once: each step runs once, in order, under a lock. Waits for a database that is starting.": (
        "Aman dijalankan kapan saja dan bersamaan: setiap langkah berjalan sekali, berurutan, dengan kunci. Menunggu basis data yang baru dinyalakan."
    ),
    "One JSON document on stdout, nothing else.": "Satu dokumen JSON di stdout, tanpa yang lain.",
    "Health and money at risk on one screen.": "Kesehatan dan uang yang berisiko dalam satu layar.",
    "Exit code 1 when something is wrong: no instance, a process that does not answer, a queue without a consumer, parked "
    "messages, or a read model that stands still.": (
        "Kode keluar 1 bila ada yang salah: tanpa instans, proses yang tidak menjawab, antrean tanpa pembaca, pesan diparkir, "
        "atau model baca yang diam."
    ),
    "Check everything, or one provider, and say for each finding how to fix it.": (
        "Periksa semuanya, atau satu penyedia, dan sebutkan cara memperbaiki tiap temuan."
    ),
    "It changes nothing. Exit code 1 when there is a problem; notes, and what this process may not look at, are fine. What is "
    "only wrong because of something else stands under it.": (
        "Tidak mengubah apa pun. Kode keluar 1 bila ada masalah; catatan, dan yang tidak boleh dilihat proses ini, tidak apa-apa. "
        "Yang hanya salah karena hal lain ditulis di bawahnya."
    ),
    "Send correctly signed webhooks to the door for providers, as PROVIDER would: EVENT, or every kind in turn for `day`.": (
        "Kirim webhook bertanda tangan benar ke pintu penyedia, seperti PROVIDER: EVENT, atau segala jenis untuk `day`."
    ),
    "Without EVENT, list what the provider can send. Refused in production, where invented money would become real "
    "balances.": (
        "Tanpa EVENT, tampilkan yang bisa dikirim penyedia. Ditolak di produksi, karena uang rekaan akan menjadi saldo."
    ),
    "How many webhooks; for a day about as many.": "Banyaknya webhook; untuk sehari kira-kira sebanyak itu.",
    "Webhooks per second; as fast as they are answered without it.": (
        "Webhook per detik; tanpa ini secepat dijawab."
    ),
    "Share that is sent again, 0.1 is every tenth.": "Bagian yang dikirim ulang, 0.1 berarti sepersepuluh.",
    "Share that is overtaken by others.": "Bagian yang didahului yang lain.",
    "Share of payments that expired or failed before they were paid.": (
        "Bagian pembayaran yang kedaluwarsa atau gagal sebelum dibayar."
    ),
    "The same number is the same order, event by event, with the same ids; a new one every time without it.": (
        "Angka yang sama adalah pesanan yang sama, peristiwa demi peristiwa, dengan id yang sama; tanpa opsi ini selalu baru."
    ),
    "Customer id that the payment carries.": "Id pelanggan pada pembayaran.",
    "E-mail of the payer.": "E-mail pembayar.",
    "Rupiah; otherwise what is usual for the event.": "Rupiah; tanpa ini yang lazim untuk peristiwanya.",
    "For a day: customers, registered first.": "Untuk sehari: pelanggan, didaftarkan dahulu.",
    "Door for providers; otherwise that of the running instance.": (
        "Pintu penyedia; tanpa ini milik instans yang berjalan."
    ),
}
