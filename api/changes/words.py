"""What the change feed's documentation says, in Indonesian."""

from __future__ import annotations

CHANGES_INDONESIAN: dict[str, str] = {
    "Instead of a key, for a browser's EventSource: of `POST /v1/changes/tickets`, together with its `customer_id`.": (
        "Pengganti kunci, untuk EventSource peramban: dari `POST /v1/changes/tickets`, bersama `customer_id`-nya."
    ),
    "A browser's EventSource cannot send a key, and no page may hold one. Your server asks for a ticket and gives its page the "
    "`stream`; when the ticket is over, the stream ends, and EventSource says so with `readyState` 2: ask for another one and go on with "
    "`last_event_id`: a stream with a ticket also tells its place, as an event `place` with an `id` and nothing in its `data`, when it begins and while "
    "nothing happens, so that a page that has heard nothing misses nothing. Pages of other addresses need `LUNAS_API_BROWSER_ORIGINS`. Nothing is kept "
    "of tickets, so none can be taken back before its end.": (
        "EventSource peramban tidak bisa mengirim kunci, dan halaman tidak boleh menyimpannya. Server Anda meminta tiket lalu memberikan `stream`-nya "
        "kepada halaman; saat tiket habis, aliran berakhir dan EventSource menandainya dengan `readyState` 2: minta tiket lain dan lanjutkan dengan "
        "`last_event_id`: aliran dengan tiket juga memberitahukan tempatnya, sebagai peristiwa `place` dengan `id` dan `data` kosong, saat mulai dan selama "
        "tidak ada kejadian, supaya halaman yang belum mendengar apa pun tidak melewatkan apa pun. Halaman dari alamat lain memerlukan "
        "`LUNAS_API_BROWSER_ORIGINS`. Tiket tidak disimpan, jadi tidak bisa dicabut sebelum habis."
    ),
    "Whose changes a page may hear of.": "Perubahan siapa yang boleh didengar sebuah halaman.",
    "A ticket for the stream of one customer, for a page that cannot send a key.": (
        "Tiket untuk aliran satu pelanggan, bagi halaman yang tidak bisa mengirim kunci."
    ),
    "Opens this customer's stream and nothing else.": "Membuka aliran pelanggan ini dan tidak yang lain.",
    "Path and query for the page's EventSource, at this API's address.": "Jalur dan kueri untuk EventSource halaman, di alamat API ini.",
    "Streams that it opened end then too.": "Aliran yang dibukanya ikut berakhir saat itu.",
    "Only what concerns this customer.": "Hanya yang menyangkut pelanggan ini.",
    "Go on behind this position; browsers send it by themselves. Without it the stream begins now.": (
        "Lanjutkan setelah posisi ini; peramban mengirimnya sendiri. Tanpa ini aliran mulai dari sekarang."
    ),
    "The same for a first connection, where a browser cannot set the header.": (
        "Sama, untuk sambungan pertama, saat peramban tidak bisa mengisi header."
    ),
    "End the stream when nothing is left and so many seconds are over; 0 tells what is there and ends.": (
        "Akhiri aliran bila tidak ada lagi dan sekian detik sudah lewat; 0 menyampaikan yang ada lalu berakhir."
    ),
    "Each event is named after what changed (`payment`, `balance`, `subscription`, `enrollment`, `suspense`), its `id` is a log "
    "position, its `data` a document like the one below: the row as it is when it is told. At least once, and for each customer in the order of "
    "the log; several changes of one row in a short time may be told as one. Come back with the last id you saw, even days later. Access that "
    "ends by the clock tells nothing: `access_until` said it.": (
        "Setiap peristiwa dinamai menurut yang berubah (`payment`, `balance`, `subscription`, `enrollment`, `suspense`), `id`-nya posisi log, "
        "`data`-nya dokumen seperti di bawah: keadaan baris saat disampaikan. Paling sedikit satu kali, dan per pelanggan menurut urutan log; "
        "beberapa perubahan satu baris dalam waktu singkat dapat disampaikan sekaligus. Kembalilah dengan id terakhir yang Anda lihat, "
        "meski berhari-hari kemudian. Akses yang berakhir karena waktu tidak disampaikan: `access_until` sudah menyebutnya."
    ),
    "Of the last event that changed it, in the log; the event's `id`.": "Dari peristiwa terakhir yang mengubahnya, di log; `id` peristiwa itu.",
    "The customer, course, subscription or held item; of a payment our own record of it.": (
        "Pelanggan, kelas, langganan atau barang tertahan; untuk pembayaran, catatan kami sendiri."
    ),
    "As in the answer of its own call; null: readers do not see it any more, it was never due.": (
        "Seperti pada jawaban panggilannya sendiri; null: pembaca tidak melihatnya lagi, semestinya tidak pernah ada."
    ),
    "Held money, or what was held: then `status` is `released`, with what became of it.": (
        "Uang tertahan, atau yang pernah tertahan: saat itu `status`-nya `released`, dengan hasilnya."
    ),
    "One change: a row of a read model as it is when it is told.": "Satu perubahan: satu baris model baca seperti keadaannya saat disampaikan.",
    "What a customer has. Credit is kept in tokens, the finer unit; `credit_idr` is a tenth of it, rounded down.": (
        "Yang dimiliki pelanggan. Kredit disimpan dalam token, satuan yang lebih halus; `credit_idr` sepersepuluhnya, dibulatkan ke bawah."
    ),
}
