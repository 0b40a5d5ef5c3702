"""The page's words in two languages. What the calls and models say of themselves in English is the key of its translation."""

from __future__ import annotations

from api.changes.words import CHANGES_INDONESIAN
from api.checkout.subscription_words import SUBSCRIPTION_INDONESIAN
from api.checkout.words import CHECKOUT_INDONESIAN
from api.credit.words import CREDIT_INDONESIAN
from api.field_meanings import FIELD_MEANINGS
from api.licences.words import LICENCE_INDONESIAN
from api.refunds.words import REFUNDS_INDONESIAN
from api.suspense.words import SUSPENSE_INDONESIAN
from schemas.languages import Language

LANGUAGES: tuple[Language, ...] = ("en", "id")

_INTRO_EN = """<p>Answers are JSON; times are UTC, amounts whole rupiah. Every call except <code>/livez</code>, <code>/readyz</code>,
<code>/openapi.json</code> and this page needs the key. The examples work in a shell after:</p>
<div class="code"><span class="what" aria-hidden="true">Shell</span><pre tabindex="0" role="group" aria-label="Shell">export LUNAS_API_KEY=&lt;LUNAS_API_KEY of the server&gt;</pre></div>
<ul><li>Customer <code>budi</code> and payment <code>py-first-try</code> are those of the first steps that <code>make run</code> prints.</li>
<li>Every read carries <code>position</code>, the place in the log it reflects, and <code>lag_seconds</code>.</li>
<li>A write answers with its <code>position</code>: pass it as <code>?min_position=</code> to read what you wrote. An answer that cannot get
there in time is 409 <code>projection_behind</code>.</li>
<li>Writes take <code>Idempotency-Key</code>.</li>
<li>What goes wrong is answered as RFC 9457 problem details: decide by <code>code</code>. <code>Accept-Language</code> chooses the language of
<code>title</code> and <code>detail</code>.</li></ul>"""

_INTRO_ID = """<p>Jawaban berupa JSON; waktu dalam UTC, jumlah dalam rupiah utuh. Setiap panggilan kecuali <code>/livez</code>, <code>/readyz</code>,
<code>/openapi.json</code>, dan halaman ini memerlukan kunci. Contoh-contoh berjalan di shell setelah:</p>
<div class="code"><span class="what" aria-hidden="true">Shell</span><pre tabindex="0" role="group" aria-label="Shell">export LUNAS_API_KEY=&lt;LUNAS_API_KEY milik server&gt;</pre></div>
<ul><li>Pelanggan <code>budi</code> dan pembayaran <code>py-first-try</code> berasal dari langkah pertama yang dicetak <code>make run</code>.</li>
<li>Setiap pembacaan memuat <code>position</code>, yaitu posisi log yang tercermin, dan <code>lag_seconds</code>.</li>
<li>Penulisan menjawab dengan <code>position</code>: kirim sebagai <code>?min_position=</code> untuk membaca tulisan sendiri. Bila belum tercapai
pada waktunya, jawabannya 409 <code>projection_behind</code>.</li>
<li>Penulisan menerima <code>Idempotency-Key</code>.</li>
<li>Kegagalan dijawab sebagai problem details RFC 9457: putuskan berdasarkan <code>code</code>. <code>Accept-Language</code> memilih bahasa
<code>title</code> dan <code>detail</code>.</li></ul>"""

_WORDS: dict[str, tuple[str, str]] = {
    "intro": (_INTRO_EN, _INTRO_ID),
    "answer": ("Answer", "Jawaban"),
    "body": ("Body", "Isi"),
    "calls": ("Calls", "Panggilan"),
    "code": ("Code", "Kode"),
    "common": ("All calls", "Semua panggilan"),
    "contents": ("Contents", "Isi"),
    "copied": ("Copied", "Tersalin"),
    "copy": ("Copy", "Salin"),
    "example": ("Example", "Contoh"),
    "find": ("Find a call, a field or a code", "Cari panggilan, kolom, atau kode"),
    "nothing": ("Nothing is called so.", "Tidak ada yang bernama begitu."),
    "sets": ("Closed sets: reasons, statuses, types, codes", "Kumpulan tertutup: alasan, status, tipe, kode"),
    "skip": ("Skip to the text", "Langsung ke teks"),
    "tag_access": ("Access", "Akses"),
    "tag_books": ("Books", "Pembukuan"),
    "tag_changes": ("Changes", "Perubahan"),
    "tag_checkout": ("Checkout", "Permintaan uang"),
    "tag_credit": ("Credit", "Saldo"),
    "tag_customers": ("Customers", "Pelanggan"),
    "tag_licences": ("Licences", "Lisensi"),
    "tag_payments": ("Payments", "Pembayaran"),
    "tag_refunds": ("Refunds", "Pengembalian"),
    "example_answer": ("Example of an answer", "Contoh jawaban"),
    "list_of": ("list of", "daftar"),
    "meaning": ("Meaning", "Arti"),
    "name": ("Name", "Nama"),
    "or": ("or", "atau"),
    "at_least": ("at least {} characters", "paling sedikit {} karakter"),
    "at_most": ("at most {} characters", "paling banyak {} karakter"),
    "one_of": ("One of", "Salah satu dari"),
    "parameters": ("Parameters", "Parameter"),
    "problems": ("Problems", "Masalah"),
    "required": ("required", "wajib"),
    "status": ("Status", "Status"),
    "taken": (
        "{variable} is {field} of an answer to {call}.",
        "{variable} adalah {field} dari jawaban {call}.",
    ),
    "type": ("Type", "Tipe"),
    "types": ("Types inside answers", "Tipe di dalam jawaban"),
    "version": ("Version", "Versi"),
}

INDONESIAN: dict[str, str] = {
    **CHANGES_INDONESIAN,
    **CHECKOUT_INDONESIAN,
    **SUBSCRIPTION_INDONESIAN,
    "0, or the books are wrong.": "0; selain itu pembukuannya salah.",
    "A subscription that opens something now.": "Langganan yang membuka sesuatu saat ini.",
    "Access ends by the database's clock: an ended subscription shows as expired with or without an event.": (
        "Akses berakhir menurut jam basis data: langganan yang lewat tampil berakhir, dengan atau tanpa peristiwa."
    ),
    "Why more was announced by its provider than its payments say; null when nothing was.": (
        "Mengapa yang diumumkan penyedianya melebihi pembayarannya; null bila tidak ada."
    ),
    "Age of the oldest event not reflected yet; 0 when there is none.": (
        "Umur peristiwa terlama yang belum tercermin; 0 bila tidak ada."
    ),
    "As the provider names it: an open set.": "Sebagaimana penyedia menyebutnya: kumpulan terbuka.",
    "Another delivery of the same thing.": "Kiriman lain dari hal yang sama.",
    "As of now. What was cancelled stays `cancelled`, also after its end.": (
        "Per saat ini. Yang dibatalkan tetap `cancelled`, juga setelah berakhir."
    ),
    "Catalogue product.": "Produk katalog.",
    "Catalogue product; null when the provider did not say which.": (
        "Produk katalog; null bila penyedia tidak menyebut yang mana."
    ),
    "Cases it is of; also those that grant something and rest on no fact.": (
        "Jumlah kasusnya; juga yang memberikan sesuatu tanpa fakta apa pun."
    ),
    "Empty, or somebody wrote a grant without a payment.": (
        "Kosong; selain itu ada yang menulis pemberian tanpa pembayaran."
    ),
    "Every unit sums to zero and nothing is unbacked.": (
        "Setiap satuan berjumlah nol dan semuanya didukung pembayaran."
    ),
    "Money of one provider that decisions moved and that no payment stands behind.": (
        "Uang satu penyedia yang dipindahkan keputusan tanpa pembayaran di baliknya."
    ),
    "Rupiah beyond what the provider's facts told.": "Rupiah di luar yang dilaporkan fakta penyedia.",
    "Event that caused it.": "Peristiwa penyebabnya.",
    "Ever topped up; refunds do not reduce it.": "Jumlah seluruh isi ulang; pengembalian tidak menguranginya.",
    "False when everything was registered like this already.": "False bila semuanya sudah terdaftar seperti ini.",
    "True when another customer has this address too: a payment that names only the address is then held.": (
        "True bila pelanggan lain juga memakai alamat ini: pembayaran yang hanya menyebut alamat itu lalu ditahan."
    ),
    "For people, in English or Indonesian by Accept-Language.": (
        "Untuk manusia, dalam bahasa Inggris atau Indonesia menurut Accept-Language."
    ),
    "Held money. `amount` is null when the provider never said.": (
        "Uang tertahan. `amount` null bila penyedia tidak pernah menyebutnya."
    ),
    "Id given by your application.": "Id dari aplikasi Anda.",
    "Log position this answer reflects.": "Posisi log yang tercermin dalam jawaban ini.",
    "Matched trimmed and case folded.": "Dicocokkan tanpa spasi tepi dan tanpa membedakan huruf besar.",
    "Matched with payers after trimming and case folding.": (
        "Dicocokkan dengan pembayar tanpa spasi tepi dan tanpa membedakan huruf besar."
    ),
    "Midnight or the first of the month in Asia/Jakarta.": "Tengah malam atau tanggal satu di Asia/Jakarta.",
    "Most items in the answer; at most 200 unless the server says otherwise.": (
        "Jumlah butir terbanyak dalam jawaban; paling banyak 200 kecuali server diatur lain."
    ),
    "One course of a customer.": "Satu kelas seorang pelanggan.",
    "One customer with the tier in force now.": "Satu pelanggan beserta tingkat yang berlaku.",
    "One payment as we assess it.": "Satu pembayaran menurut penilaian kami.",
    "One subscription with its status as of now.": "Satu langganan dengan statusnya saat ini.",
    "Only a static token vouches for it.": "Hanya dijamin oleh token tetap.",
    "How much we know of the money; null of none.": "Tingkat bukti atas uangnya; null bila belum ada uang.",
    "Papers per month.": "Makalah per bulan.",
    "Pass as `cursor` for what follows; null at the end.": "Kirim sebagai `cursor` untuk kelanjutannya; null di akhir.",
    "Person behind it, if any.": "Orang di baliknya, bila ada.",
    "Quotas come from the catalogue. Days and months begin at midnight in Asia/Jakarta.": (
        "Kuota berasal dari katalog. Hari dan bulan dimulai pada tengah malam di Asia/Jakarta."
    ),
    "RFC 9457 problem details.": "Problem details menurut RFC 9457.",
    "Repeating a request with it does nothing and answers the same.": (
        "Permintaan ulang dengan kunci ini tidak mengubah apa pun dan dijawab sama."
    ),
    "Rupiah received, or asked for while nothing was; null when not told.": (
        "Rupiah yang diterima, atau yang diminta selama belum ada; null bila tidak disebut."
    ),
    "Stable; decide by this.": "Tetap; putuskan berdasarkan ini.",
    "The money came after expiry or failure.": "Uang datang setelah kedaluwarsa atau gagal.",
    "The tier has no quota of its own: usage is paid from credit.": (
        "Tingkat ini tidak punya kuota sendiri: pemakaian dibayar dari kredit."
    ),
    "The webhook a fact came from.": "Webhook asal sebuah fakta.",
    "Tokens per day.": "Token per hari.",
    "Tokens per month.": "Token per bulan.",
    "True for a new customer.": "True untuk pelanggan baru.",
    "True while something about this customer could not be folded.": (
        "True selama ada peristiwa pelanggan ini yang belum dapat diterapkan."
    ),
    "Verified money that waits in suspense for this e-mail is claimed shortly after, without another call.": (
        "Uang terverifikasi yang tertahan untuk e-mail ini segera menjadi miliknya, tanpa panggilan lain."
    ),
    "Wait until the answer reflects this log position, so that you read your own write.": (
        "Tunggu sampai jawaban mencerminkan posisi log ini, agar tulisan sendiri terbaca."
    ),
    "What a provider said (`fact`) or what we did because of it (`decision`), with the event itself.": (
        "Yang dikatakan penyedia (`fact`) atau yang kami lakukan karenanya (`decision`), beserta peristiwanya."
    ),
    "When the tier ends by itself.": "Kapan tingkat berakhir dengan sendirinya.",
    "Whether it opens anything right now.": "Apakah saat ini membuka sesuatu.",
    "Why its money is in suspense.": "Mengapa uangnya tertahan.",
    "A payer's bank asks for the money back, or the provider, on being asked, does not stand by the payment (an id that begins with `reconciled-`). "
    "What that does to what was bought is `disputes` or `disowned` of the catalogue's provider.": (
        "Bank pembayar meminta uangnya kembali, atau penyedia, saat ditanya, tidak mengakui pembayarannya (id yang berawalan `reconciled-`). "
        "Akibatnya bagi yang dibeli ditentukan `disputes` atau `disowned` milik penyedia di katalog."
    ),
    "The one that is open, else the last one.": "Yang masih terbuka, atau yang terakhir.",
    "Rupiah in dispute; null when the provider did not say.": "Rupiah yang disengketakan; null bila penyedia tidak menyebutnya.",
    "Null when only its end was told.": "Null bila hanya akhirnya yang diberitahukan.",
    "When it was won or lost.": "Kapan dimenangkan atau kalah.",
    "Xendit payment_request_id, payment_id or our reference_id; Scalev data.id or order_id; Mayar transactionId.": (
        "payment_request_id atau payment_id Xendit, atau reference_id kami; data.id atau order_id Scalev; transactionId Mayar."
    ),
    "`expires_at` and grace.": "`expires_at` ditambah masa tenggang.",
    "`limit` and `remaining` are null when the tier sets none.": (
        "`limit` dan `remaining` null bila tingkat tidak menetapkannya."
    ),
    "`next_cursor` of the answer before.": "`next_cursor` dari jawaban sebelumnya.",
    "scalev, xendit, mayar or manual.": "scalev, xendit, mayar, atau manual.",
    **CREDIT_INDONESIAN,
    **LICENCE_INDONESIAN,
    **REFUNDS_INDONESIAN,
    **SUSPENSE_INDONESIAN,
}
INDONESIAN |= {
    english: indonesian for english, indonesian in FIELD_MEANINGS.values() if english not in INDONESIAN
}


def word(name: str, language: Language) -> str:
    """One of the page's own words. Raises KeyError for an unknown one."""
    english, indonesian = _WORDS[name]
    return indonesian if language == "id" else english


def translate(english: str, language: Language) -> str:
    """A description in the reader's language; English when it was not translated."""
    return INDONESIAN.get(english, english) if language == "id" else english
