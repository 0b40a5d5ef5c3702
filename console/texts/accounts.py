"""Sentences about credit and keys."""

from __future__ import annotations

ACCOUNTS: dict[str, tuple[str, str]] = {
    "credit.none": ("no account owes anything or is frozen", "tidak ada akun yang berutang atau dibekukan"),
    "credit.unknown": ("there is no customer {customer}", "tidak ada pelanggan {customer}"),
    "credit.shown": (
        "{customer}: {credit} tokens can be spent, {reserved} are reserved, {debt} are owed, {spent} were ever spent",
        "{customer}: {credit} token dapat dipakai, {reserved} direservasi, {debt} terutang, {spent} pernah dipakai",
    ),
    "credit.is_frozen": ("frozen: {reason}", "dibekukan: {reason}"),
    "credit.freeze_question": (
        "Let nothing be spent from the account of {customer}?",
        "Bekukan saldo {customer}?",
    ),
    "credit.freeze_done": ("The account of {customer} is frozen.", "Saldo {customer} dibekukan."),
    "credit.freeze_nothing": (
        "there is no customer {customer}, or the account is frozen already",
        "tidak ada pelanggan {customer}, atau saldonya sudah dibekukan",
    ),
    "credit.unfreeze_question": (
        "Let the account of {customer} be spent from again?",
        "Buka kembali saldo {customer}?",
    ),
    "credit.unfreeze_done": (
        "The account of {customer} can be spent from again.",
        "Saldo {customer} dapat dipakai lagi.",
    ),
    "credit.unfreeze_nothing": (
        "there is no customer {customer}, or the account is not frozen",
        "tidak ada pelanggan {customer}, atau saldonya tidak dibekukan",
    ),
    "credit.forgive_question": (
        "Take over what {customer} owes as our loss?",
        "Tanggung utang {customer} sebagai kerugian kita?",
    ),
    "credit.forgive_done": ("{customer} owes nothing any more.", "{customer} tidak berutang lagi."),
    "credit.forgive_nothing": (
        "there is no customer {customer}, or nothing is owed",
        "tidak ada pelanggan {customer}, atau tidak ada utang",
    ),
    "credit.no_undo": (
        "cannot be taken back: it is written down as a loss",
        "tidak dapat dibatalkan: tercatat sebagai kerugian",
    ),
    "credit.equal": (
        "{accounts} accounts and {acts} references equal the log",
        "{accounts} akun dan {acts} referensi sama dengan log",
    ),
    "credit.different": (
        "{count} things differ from the log: `lunas credit rebuild` puts them right",
        "{count} hal berbeda dari log: `lunas credit rebuild` membetulkannya",
    ),
    "credit.rebuild_question": (
        "Build what is kept of every account from the log again?",
        "Bangun ulang catatan setiap akun dari log?",
    ),
    "credit.rebuilt": (
        "{accounts} accounts and {acts} references were built",
        "{accounts} akun dan {acts} referensi dibangun ulang",
    ),
    "keys.created": (
        "This is the only time the key is shown. {key_id} may: {scopes}",
        "Kunci ini hanya ditampilkan sekali ini. {key_id} boleh: {scopes}",
    ),
    "keys.none": (
        "no keys beside LUNAS_API_KEY",
        "tidak ada kunci selain LUNAS_API_KEY",
    ),
    "keys.no_customer_id": ("this is no id of a customer", "ini bukan id pelanggan"),
    "keys.of_nobody": (
        "a key of one customer opens no call of the scope {scopes}: they decide whose something is",
        "kunci satu pelanggan tidak membuka panggilan bercakupan {scopes}: di sana diputuskan milik siapa sesuatu",
    ),
    "keys.revoke_question": ("Let the key {key_id} open nothing any more?", "Cabut kunci {key_id}?"),
    "keys.revoked": ("{key_id} opens nothing any more.", "{key_id} tidak membuka apa pun lagi."),
    "keys.unknown": (
        "there is no key {key_id}: `lunas keys list`",
        "tidak ada kunci {key_id}: `lunas keys list`",
    ),
    "keys.no_undo": (
        "cannot be taken back: make another with `lunas keys create`",
        "tidak dapat dibatalkan: buat yang lain dengan `lunas keys create`",
    ),
    "manual.none": ("No order waits for a person.", "Tidak ada pesanan yang menunggu konfirmasi."),
    "manual.next": (
        "Money seen: `lunas manual confirm ID --reason WHY --proof WHERE`. It will not come: `lunas manual reject ID --reason WHY`.",
        "Uang sudah terlihat: `lunas manual confirm ID --reason ALASAN --proof BUKTI`. Tidak akan datang: `lunas manual reject ID --reason ALASAN`.",
    ),
    "manual.unknown": (
        "There is no order {id} that a person confirms. See `lunas manual list`.",
        "Tidak ada pesanan {id} yang dikonfirmasi orang. Lihat `lunas manual list`.",
    ),
    "manual.rejected_already": (
        "Order {id} was rejected already. Nothing was changed.",
        "Pesanan {id} sudah ditolak. Tidak ada yang diubah.",
    ),
    "manual.confirmed_already": (
        "Order {id} was confirmed already. Nothing was changed.",
        "Pesanan {id} sudah dikonfirmasi. Tidak ada yang diubah.",
    ),
    "manual.confirm_question": (
        "Has the money of order {id} come, in full?",
        "Apakah uang pesanan {id} sudah masuk, seluruhnya?",
    ),
    "payment.refund_question": (
        "Give payment {id} of {provider} back to its payer?",
        "Kembalikan pembayaran {id} dari {provider} ke pembayarnya?",
    ),
    "payment.refund_reserved": (
        "Refund {id} is reserved; its end is in `lunas find {id}`.",
        "Pengembalian {id} dicadangkan; hasilnya ada di `lunas find {id}`.",
    ),
    "payment.refund_undo": (
        "Nothing takes it back: once the provider has it, the money is on its way.",
        "Tidak dapat dibatalkan: setelah penyedia menerimanya, dana sedang dikirim.",
    ),
    "payment.refunded_question": (
        "Record that payment {id} of {provider} was refunded there? What it bought is taken back.",
        "Catat bahwa pembayaran {id} dari {provider} sudah dikembalikan di sana? Yang dibelinya ditarik kembali.",
    ),
    "payment.refund_recorded": (
        "Recorded: {amount} of payment {payment} went back at {provider} (refund {id}).",
        "Dicatat: {amount} dari pembayaran {payment} dikembalikan di {provider} (pengembalian {id}).",
    ),
    "payment.refund_known": ("Refund {id} is counted already.", "Pengembalian {id} sudah dihitung."),
    "payment.unrefunded_question": (
        "Take back that refund {id} was made? What it took is granted again.",
        "Batalkan catatan pengembalian {id}? Yang ditariknya diberikan lagi.",
    ),
    "payment.refund_unrecorded": (
        "Refund {id} counts no more: it never was.",
        "Pengembalian {id} tidak lagi dihitung: tidak pernah terjadi.",
    ),
    "payment.refund_not_recorded": (
        "No person recorded refund {id} of {provider}, or {provider} itself tells of it: nothing to take back.",
        "Tidak ada orang yang mencatat pengembalian {id} dari {provider}, atau {provider} sendiri yang melaporkannya: tidak ada yang dibatalkan.",
    ),
    "manual.unconfirm_question": (
        "Take back that the money of order {id} came? What it granted is taken back, spent or not.",
        "Tarik kembali bahwa uang pesanan {id} sudah masuk? Yang diberikan ditarik, sudah dipakai atau belum.",
    ),
    "manual.confirmed": ("Order {id} is paid.", "Pesanan {id} lunas."),
    "manual.confirm_undo": (
        "lunas manual unconfirm {id} --reason …",
        "lunas manual unconfirm {id} --reason …",
    ),
    "manual.reject_question": (
        "Reject order {id}? Nobody is asked for its money any more.",
        "Tolak pesanan {id}? Uangnya tidak akan ditagih lagi.",
    ),
    "manual.rejected": ("Order {id} is rejected.", "Pesanan {id} ditolak."),
    "manual.reject_undo": (
        "no command: the customer orders again",
        "tanpa perintah: pelanggan memesan lagi",
    ),
}
