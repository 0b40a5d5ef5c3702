"""Sentences about parked streams, and about rejected requests that are verified again."""

from __future__ import annotations

PARKING: dict[str, tuple[str, str]] = {
    "lines.none": (
        "Nothing waits behind a failed delivery.",
        "Tidak ada yang menunggu di belakang kiriman yang gagal.",
    ),
    "lines.going_on": ("going on", "berjalan lagi"),
    "lines.unknown": (
        "Nothing is parked under {stream}: `lunas dlq streams` shows what is.",
        "Tidak ada yang diparkir dengan nama {stream}: `lunas dlq streams` menunjukkan yang ada.",
    ),
    "lines.question": (
        "Take in the {waiting} deliveries that wait in {stream} ({amount}) although its head still fails?",
        "Terima {waiting} kiriman yang menunggu di {stream} ({amount}) walaupun yang terdepan masih gagal?",
    ),
    "lines.undo": (
        "not possible: what is taken in stays in the books; its letters are still open",
        "tidak bisa: yang diterima tetap tercatat; suratnya masih terbuka",
    ),
    "lines.going_on_already": (
        "Nothing holds {stream} up: it is going on.",
        "Tidak ada yang menahan {stream}: aliran sudah berjalan lagi.",
    ),
    "lines.released": (
        "{stream} goes on: {waiting} deliveries are taken in, in order. Its letters stay open.",
        "{stream} berjalan lagi: {waiting} kiriman diterima berurutan. Suratnya tetap terbuka.",
    ),
    "lines.behind": (
        "{count} wait behind this: they go on when it is replayed, settled or discarded, or with lunas dlq release {stream}",
        "{count} menunggu di belakang ini: berjalan lagi setelah diulang, diselesaikan atau dibuang, atau dengan lunas dlq release {stream}",
    ),
    "status.lines_line": (
        "Streams     {streams} parked, {waiting} wait behind them, {amount}, the oldest {age}",
        "Aliran      {streams} diparkir, {waiting} menunggu di belakangnya, {amount}, yang tertua {age}",
    ),
    "status.lines": (
        "{streams} payments, orders or subscriptions are held up by a failed delivery, and {waiting} deliveries wait behind it: `lunas dlq streams`.",
        "{streams} pembayaran, pesanan atau langganan tertahan oleh kiriman yang gagal, dan {waiting} kiriman menunggu di belakangnya: `lunas dlq streams`.",
    ),
    "doctor.lines": (
        "{streams} streams are parked, {waiting} deliveries wait behind failed ones, {amount}, the oldest {age}",
        "{streams} aliran diparkir, {waiting} kiriman menunggu di belakang yang gagal, {amount}, yang tertua {age}",
    ),
    "reverify.needs_reason": (
        "Say why: --reason. Or look first: --dry-run.",
        "Sebutkan alasannya: --reason. Atau lihat dulu: --dry-run.",
    ),
    "reverify.no_secret": (
        "No secret of {provider} is configured and none was given: --secret-file FILE.",
        "Tidak ada rahasia {provider} yang diatur atau diberikan: --secret-file BERKAS.",
    ),
    "reverify.looked": (
        "Of {kept} rejected requests {genuine} are genuine and not yet admitted ({amount}); {forged} carry none of these secrets and stay out.",
        "Dari {kept} permintaan yang ditolak, {genuine} asli dan belum diterima ({amount}); {forged} tidak memakai rahasia ini dan tetap di luar.",
    ),
    "reverify.span": (
        " The genuine ones came from {first} to {last}.",
        " Yang asli datang dari {first} sampai {last}.",
    ),
    "reverify.before": (" {count} were admitted before.", " {count} sudah diterima sebelumnya."),
    "reverify.cut": (
        " {count} are genuine and were not kept whole: have them sent again, or `lunas reconcile run`.",
        " {count} asli tetapi tidak tersimpan utuh: minta dikirim lagi, atau `lunas reconcile run`.",
    ),
    "reverify.nothing": ("There is nothing to admit.", "Tidak ada yang perlu diterima."),
    "reverify.dry": (
        "Nothing was changed. Admit them: {command} … --reason …",
        "Tidak ada yang diubah. Terima: {command} … --reason …",
    ),
    "reverify.question": (
        "Give these {count} requests ({amount}) to the queue as if they had just come?",
        "Masukkan {count} permintaan ini ({amount}) ke antrean seolah baru datang?",
    ),
    "reverify.undo": (
        "not possible: what was genuine is in the books like every webhook",
        "tidak bisa: yang asli sudah tercatat seperti webhook lain",
    ),
    "reverify.cut_off": (
        "The broker confirmed no more after at least {count} were looked at ({detail}). Run the same command again: it goes on there.",
        "Broker berhenti mengonfirmasi setelah setidaknya {count} dilihat ({detail}). Jalankan perintah yang sama: ia melanjutkan dari sana.",
    ),
    "reverify.done": (
        "{count} rejected requests of {provider} are in the queue; each is taken in once.",
        "{count} permintaan {provider} yang tadinya ditolak ada di antrean; masing-masing diterima sekali.",
    ),
    "doctor.lines.fix": ("lunas dlq streams", "lunas dlq streams"),
}
