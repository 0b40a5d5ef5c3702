"""What is said when the rest of a payment is asked for, of which less came than was asked for."""

from __future__ import annotations

RESTS: dict[str, tuple[str, str]] = {
    "rest.question": (
        "Ask customer {customer} for the missing {amount}, through {provider}?",
        "Minta sisa {amount} kepada pelanggan {customer}, lewat {provider}?",
    ),
    "rest.asked": (
        "{amount} are asked for ({request}), until {until}; a running API asks {provider} within seconds.",
        "Sisa {amount} diminta ({request}), sampai {until}; API yang berjalan menghubungi {provider} dalam hitungan detik.",
    ),
    "rest.undo": (
        "none: it ends by itself when its time is over, and what is paid until then counts",
        "tidak ada: permintaan berakhir sendiri setelah waktunya, dan yang dibayar sampai saat itu tetap dihitung",
    ),
    "rest.pay_at": ("It is paid at {page}", "Dibayar di {page}"),
    "rest.page_unknown": (
        "It can be paid at {provider}; LUNAS_API_PUBLIC_URL is not set, so there is no page of ours.",
        "Dapat dibayar di {provider}; LUNAS_API_PUBLIC_URL belum diatur, sehingga tidak ada halaman dari kita.",
    ),
    "rest.not_yet": (
        "{provider} has not answered yet. `lunas suspense show {id}` says what became of it.",
        "{provider} belum menjawab. `lunas suspense show {id}` menunjukkan hasilnya.",
    ),
    "rest.refused": (
        "{provider} did not take the request for the rest ({code}); the money is held as before.",
        "{provider} tidak menerima permintaan sisa ({code}); uang tetap tertahan seperti semula.",
    ),
    "rest.standing": (
        "The rest was asked for: {amount} ({request}), by {by} since {since}, until {until}.",
        "Sisanya sudah diminta: {amount} ({request}), oleh {by} sejak {since}, sampai {until}.",
    ),
    "rest.over": (
        "The rest was asked for, {amount} by {by} since {since}, and is not waited for any more.",
        "Sisanya pernah diminta, {amount} oleh {by} sejak {since}, dan tidak ditunggu lagi.",
    ),
}
