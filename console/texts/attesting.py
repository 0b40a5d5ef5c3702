"""How much is known of money, what is missing until it is granted, and what its provider said when it was asked."""

from __future__ import annotations

ATTESTING: dict[str, tuple[str, str]] = {
    "attestation.token_only": ("vouched for by a webhook's token alone", "hanya dijamin token webhook"),
    "attestation.signed": ("signed by the provider", "ditandatangani penyedia"),
    "attestation.api_confirmed": ("confirmed by the provider on our asking", "dikonfirmasi penyedia saat kita bertanya"),
    "attestation.settled": ("settled on the merchant's balance", "sudah cair ke saldo penjual"),
    "attestation.operator": ("vouched for by a person of ours", "dijamin petugas kita"),
    "attest.known": ("How sure", "Tingkat bukti"),
    "attest.needs": (
        "Up to {limit} is granted when money of {provider} is {known}. This is more: it is granted by itself once it is {needed}, or when somebody claims it.",
        "Hingga {limit} diberikan bila uang dari {provider} {known}. Yang ini lebih besar: diberikan otomatis setelah {needed}, atau bila ada yang mengklaim.",
    ),
    "attest.needs_membership": (
        "What a webhook of {provider} announces on its token alone is granted for plans of up to {limit}. The plan shown now is {plan} ({price}). "
        "More is granted by itself once its payment is confirmed or {provider} says the same on our asking, or when somebody claims it.",
        "Yang diumumkan webhook {provider} hanya dengan token diberikan untuk paket hingga {limit}. Paket yang tampil sekarang: {plan} ({price}). "
        "Selebihnya diberikan otomatis setelah pembayarannya dikonfirmasi atau {provider} menyatakan hal yang sama saat ditanya, atau bila ada yang mengklaim.",
    ),
    "attest.no_price": ("price not known", "harga tidak diketahui"),
    "attest.membership.confirmed": ("it is in use there, as its webhook says", "keanggotaan itu aktif di sana, sesuai webhook"),
    "attest.membership.another_amount": ("it says {theirs}, and its webhook {ours}", "jawabannya {theirs}, sedangkan webhook {ours}"),
    "attest.membership.unpaid": (
        "it is not in use there, or not so long ({status}). Its webhook may be forged",
        "di sana tidak aktif, atau tidak selama itu ({status}). Webhook-nya mungkin palsu",
    ),
    "attest.membership.unknown": (
        "there is no such membership. Its webhook may be forged: do not claim it before you have seen it in the dashboard",
        "keanggotaan itu tidak ada. Webhook-nya mungkin palsu: jangan diklaim sebelum terlihat di dasbor",
    ),
    "attest.membership.no_detail": (
        "it cannot be asked about, because neither its webhooks nor `product_ids` of the catalogue name its product there",
        "tidak bisa ditanyakan, karena webhook maupun `product_ids` di katalog tidak menyebut produknya di sana",
    ),
    "attest.membership.failed": ("no answer ({code})", "tidak ada jawaban ({code})"),
    "attest.never_asked": ("{provider} has not been asked yet.", "{provider} belum ditanya."),
    "attest.asked": ("{provider} was asked {count} times, last {at}: {answer}.", "{provider} sudah ditanya {count} kali, terakhir {at}: {answer}."),
    "attest.asked_again": ("It is asked again {at}.", "Akan ditanya lagi {at}."),
    "attest.asked_no_more": (
        "It is not asked again by itself: look in its dashboard, then claim or write off.",
        "Tidak ditanya lagi secara otomatis: lihat dasbornya, lalu klaim atau hapus bukukan.",
    ),
    "attest.answer.confirmed": ("it came, as its webhook says", "sudah masuk, sesuai webhook"),
    "attest.answer.another_amount": (
        "{theirs} came, and its webhook says {ours}. The provider's amount counts; somebody may know the token",
        "yang masuk {theirs}, sedangkan webhook menyebut {ours}. Jumlah dari penyedia yang berlaku; mungkin tokennya bocor",
    ),
    "attest.answer.unpaid": ("nobody has paid it there ({status})", "di sana belum dibayar ({status})"),
    "attest.answer.unknown": (
        "there is no such payment. Its webhook may be forged: do not claim it before you have seen it in the dashboard",
        "pembayaran itu tidak ada. Webhook-nya mungkin palsu: jangan diklaim sebelum terlihat di dasbor",
    ),
    "attest.answer.no_detail": ("it came, without the details that are needed", "sudah masuk, tetapi tanpa rincian yang diperlukan"),
    "attest.answer.failed": ("no answer ({code})", "tidak ada jawaban ({code})"),
    "doctor.no_confirmation": (
        "{provider}: {variable} is not set, so nothing can confirm a payment or a membership of more than {limit}: it waits for a person",
        "{provider}: {variable} belum diisi, sehingga pembayaran atau keanggotaan di atas {limit} tidak dapat dikonfirmasi dan menunggu petugas",
    ),
    "doctor.no_confirmation_held": (
        "{provider}: {variable} is not set, and {count} payments ({amount}) wait for a word of the provider that nobody asks for",
        "{provider}: {variable} belum diisi, dan {count} pembayaran ({amount}) menunggu kabar penyedia yang tidak ditanyakan siapa pun",
    ),
    "doctor.no_confirmation.fix": (
        "set {variable} for the processor (and LUNAS_CONFIRM_LOOK_SECONDS above 0), or claim each after a look in the dashboard; docs/attestation.md",
        "isi {variable} untuk processor (dan LUNAS_CONFIRM_LOOK_SECONDS di atas 0), atau klaim satu per satu setelah melihat dasbor; docs/attestation.md",
    ),
    "doctor.not_asked": (
        "{provider}: LUNAS_CONFIRM_LOOK_SECONDS is 0: money above {limit} waits for the next comparison of its lists, or for a person",
        "{provider}: LUNAS_CONFIRM_LOOK_SECONDS bernilai 0: uang di atas {limit} menunggu pencocokan berikutnya, atau petugas",
    ),
    "doctor.not_confirmed": (
        "{provider} does not confirm {count} payments ({amount}) that its webhooks claim: somebody may know its token",
        "{provider} tidak mengonfirmasi {count} pembayaran ({amount}) yang disebut webhook-nya: mungkin ada yang tahu tokennya",
    ),
    "doctor.not_confirmed.fix": (
        "lunas suspense list --cause awaiting_confirmation, look each up in the dashboard; what is not there: change the token (docs/runbooks/rotate-a-secret.md), then write it off",
        "lunas suspense list --cause awaiting_confirmation, cari satu per satu di dasbor; yang tidak ada: ganti token (docs/runbooks/rotate-a-secret.md), lalu hapus bukukan",
    ),
    "doctor.confirmed": (
        "{provider}: money above {limit} is confirmed by asking before it is granted",
        "{provider}: uang di atas {limit} dikonfirmasi dengan bertanya sebelum diberikan",
    ),
    "doctor.signed": (
        "{provider}: its webhooks are signed; any amount is granted on them",
        "{provider}: webhook-nya ditandatangani; jumlah berapa pun diberikan",
    ),
}  # fmt: skip
