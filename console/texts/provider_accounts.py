"""Sentences about our accounts at providers, orders there, and the ids of a store in the catalogue."""

from __future__ import annotations

PROVIDER_ACCOUNTS: dict[str, tuple[str, str]] = {
    "account.ok": ("{name} takes our key and knows what we sell", "{name} menerima kunci kita dan mengenal yang kita jual"),
    "account.key_refused": (
        "{name} answers {what} to our key: {variable} is wrong or has expired",
        "{name} menjawab {what} untuk kunci kita: {variable} salah atau kedaluwarsa",
    ),
    "account.key_refused.fix": (
        "take the key that the dashboard of {name} shows now, set {variable}, and restart",
        "ambil kunci yang kini ditampilkan dasbor {name}, isi {variable}, lalu mulai ulang",
    ),
    "account.not_answering": ("{name} does not answer ({what})", "{name} tidak menjawab ({what})"),
    "account.not_answering.fix": (
        "check its base URL and the way there; orders and top-ups at {name} wait until it answers",
        "periksa base URL-nya dan jalurnya; pesanan dan isi ulang lewat {name} menunggu sampai ia menjawab",
    ),
    "account.store_mismatch": (
        "{name} says Not Found: {account} is not a store of this key",
        "{name} menjawab Not Found: {account} bukan toko milik kunci ini",
    ),
    "account.store_mismatch.fix": (
        "set {account} to a store of this key, then: lunas scalev resync",
        "isi {account} dengan toko milik kunci ini, lalu: lunas scalev resync",
    ),
    "account.store_unnamed": (
        "the key of {name} has no store, or several, and {account} names none",
        "kunci {name} tidak punya toko, atau punya beberapa, dan {account} tidak menyebut satu pun",
    ),
    "account.store_unnamed.fix": ("set {account}", "isi {account}"),
    "account.ids_unknown": (
        "the catalogue holds ids that {name} does not sell, perhaps of an earlier store or key: {what}",
        "katalog memuat id yang tidak dijual {name}, mungkin dari toko atau kunci lama: {what}",
    ),
    "account.ids_unknown.fix": (
        "for Scalev: lunas scalev resync; else correct the catalogue",
        "untuk Scalev: lunas scalev resync; selain itu perbaiki katalog",
    ),
    "account.account_mismatch": (
        "the key of {name} belongs to the account {what}, not to the one in {account}",
        "kunci {name} milik akun {what}, bukan akun di {account}",
    ),
    "account.account_mismatch.fix": (
        "correct {account} or {variable}: webhooks of another account are quarantined",
        "perbaiki {account} atau {variable}: webhook dari akun lain dikarantina",
    ),
    "account.development.fix": (
        "to develop without an account set PAYMENT_PROVIDER=manual",
        "untuk mengembangkan tanpa akun isi PAYMENT_PROVIDER=manual",
    ),
    "account.no_key": ("new orders go to {name}, and its key for calls is not set", "pesanan baru dikirim ke {name}, tetapi kunci API-nya belum diisi"),
    "account.no_key.fix": ("set {variable}, or another PAYMENT_PROVIDER", "isi {variable}, atau ganti PAYMENT_PROVIDER"),
    "account.no_manual_page": (
        "orders are paid by hand, and no page tells buyers how",
        "pesanan dibayar manual, tetapi tidak ada halaman yang memberi tahu caranya",
    ),
    "account.no_manual_page.fix": ("set MANUAL_PAYMENT_URL", "isi MANUAL_PAYMENT_URL"),
    "account.below_minimum": (
        "the price of {products} is below the minimum of {least} rupiah at {name}: ordered alone they are refused",
        "harga {products} di bawah minimum Rp {least} di {name}: bila dipesan sendiri akan ditolak",
    ),
    "account.below_minimum.fix": (
        "raise the price in the catalogue and at {name}, or correct LUNAS_ORDER_MINIMUM_*_IDR",
        "naikkan harga di katalog dan di {name}, atau perbaiki LUNAS_ORDER_MINIMUM_*_IDR",
    ),
    "account.unmapped": (
        "{products} have a price and no id of the store: they cannot be ordered at {name}",
        "{products} punya harga tetapi tanpa id toko: tidak dapat dipesan di {name}",
    ),
    "account.unmapped.fix": (
        "put the variant or the bundle price option of each into the catalogue",
        "isi varian atau bundle price option masing-masing di katalog",
    ),
    "account.no_news": (
        "{name} made {count} orders and has told of none of them: payments will not update",
        "{name} membuat {count} pesanan dan tidak mengabarkan satu pun: pembayaran tidak akan terbarui",
    ),
    "account.no_news.fix": (
        "at {name} check the address of the webhook, its events, and that its secret is the one in {secret}",
        "di {name} periksa alamat webhook, event-nya, dan bahwa rahasianya sama dengan {secret}",
    ),
    "resync.no_reason": ("--apply needs --reason", "--apply memerlukan --reason"),
    "resync.no_pair": ("write --map as OLD=NEW", "tulis --map sebagai LAMA=BARU"),
    "resync.misplaced": (
        "--map names what the catalogue or the store does not have: {ids}",
        "--map menyebut yang tidak ada di katalog atau di toko: {ids}",
    ),
    "resync.environment": (
        "{variable} stands in the environment and not in the catalogue: set it to {new} yourself",
        "{variable} ada di lingkungan, bukan di katalog: isi sendiri dengan {new}",
    ),
    "resync.no_key": ("SCALEV_API_KEY is not set", "SCALEV_API_KEY belum diisi"),
    "resync.failed": ("the store cannot be read: {code}", "toko tidak dapat dibaca: {code}"),
    "resync.unreadable": ("{path} cannot be read: {reason}", "{path} tidak dapat dibaca: {reason}"),
    "resync.unwritable": (
        "{path} cannot be written ({reason}); nothing was changed",
        "{path} tidak dapat ditulis ({reason}); tidak ada yang diubah",
    ),
    "resync.none": ("the catalogue names nothing of a Scalev store", "katalog tidak menyebut apa pun dari toko Scalev"),
    "resync.apply": (
        "{count} can be written: lunas scalev resync --apply --reason …",
        "{count} dapat ditulis: lunas scalev resync --apply --reason …",
    ),
    "resync.question": ("Write {count} new ids into {path}?", "Tulis {count} id baru ke {path}?"),
    "resync.done": ("{count} ids in {path} are those of this store.", "{count} id di {path} kini milik toko ini."),
    "resync.restart": (
        "It takes effect when the processor starts the next time.",
        "Berlaku saat processor dimulai lagi.",
    ),
    "resync.how.in_store": ("in the store", "ada di toko"),
    "resync.how.name_and_price": ("name and price", "nama dan harga"),
    "resync.how.by_hand": ("by hand", "ditentukan sendiri"),
    "resync.how.other_price": ("name alone: another price, decide with --map", "nama saja: harga lain, tentukan dengan --map"),
    "resync.how.other_name": ("price alone: another name, decide with --map", "harga saja: nama lain, tentukan dengan --map"),
    "resync.how.several": ("several fit: decide with --map", "ada beberapa yang cocok: tentukan dengan --map"),
    "resync.how.none": ("nothing fits", "tidak ada yang cocok"),
}  # fmt: skip
