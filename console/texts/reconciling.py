"""Reconciliation."""

from __future__ import annotations

RECONCILING: dict[str, tuple[str, str]] = {
    "reconcile.no_key": (
        "{provider} cannot be asked: the key for calls to its API is not set.",
        "{provider} tidak bisa ditanya: kunci untuk memanggil API-nya belum diatur.",
    ),
    "reconcile.under_way": (
        "Another runner compares {provider} at this moment; look at it with lunas reconcile show {provider}.",
        "Proses lain sedang mencocokkan {provider}; lihat dengan lunas reconcile show {provider}.",
    ),
    "reconcile.reading": ("Reading {provider}'s own lists …", "Membaca daftar milik {provider} …"),
    "reconcile.cut_off": (
        "Comparing {provider} was cut off ({error}). The next run goes on there: lunas reconcile run {provider}",
        "Pencocokan {provider} terputus ({error}). Jalankan lagi untuk melanjutkan: lunas reconcile run {provider}",
    ),
    "reconcile.read": (
        "{provider} since {since}: {rows} rows read, {asked} payments asked about, {fed} given to the queue.",
        "{provider} sejak {since}: {rows} baris dibaca, {asked} pembayaran ditanyakan, {fed} diberikan ke antrean.",
    ),
    "reconcile.kind": (
        "{count} × {kind} ({amount}), {resolved} of them settled",
        "{count} × {kind} ({amount}), {resolved} di antaranya beres",
    ),
    "reconcile.kind_resolved": ("{count} × {kind} ({amount}), all settled", "{count} × {kind} ({amount}), semua beres"),
    "reconcile.nothing": (
        "Nothing differs between {provider}'s lists and our record.",
        "Tidak ada beda antara daftar {provider} dan catatan kita.",
    ),
    "reconcile.not_all": (
        "Not everything was seen ({code}); the next run goes on: lunas reconcile run {provider}",
        "Belum semua terlihat ({code}); jalankan lagi untuk melanjutkan: lunas reconcile run {provider}",
    ),
    "reconcile.never": ("{provider} was never compared.", "{provider} belum pernah dicocokkan."),
    "reconcile.last": (
        "Last compared {at}: {status}. {rows} rows, {fed} given to the queue, {found} new differences.",
        "Terakhir dicocokkan {at}: {status}. {rows} baris, {fed} diberikan ke antrean, {found} beda baru.",
    ),
    "reconcile.run_running": ("under way or cut off", "sedang berjalan atau terputus"),
    "reconcile.run_done": ("all of it", "seluruhnya"),
    "reconcile.run_partly": ("not all of it", "tidak seluruhnya"),
    "reconcile.run_replaced": ("replaced by a longer one", "diganti yang lebih panjang"),
    "reconcile.what_now": (
        "Look at one with lunas find; docs/runbooks/differences-with-a-provider.md says what to do about each kind.",
        "Lihat satu per satu dengan lunas find; docs/runbooks/differences-with-a-provider.md menjelaskan tindakan untuk tiap jenis.",
    ),
    "statement.no_table": (
        "{file} is no table (CSV, UTF-8) with a line of headings.",
        "{file} bukan tabel (CSV, UTF-8) dengan baris judul.",
    ),
    "statement.no_column": (
        "{file} has no column {column}. Say how it is called with --id, --amount, --fee or --net.",
        "{file} tidak punya kolom {column}. Sebutkan judulnya dengan --id, --amount, --fee atau --net.",
    ),
    "statement.sums": (
        "{provider}: {lines} payments, {theirs} by the statement, {ours} by our record, {fees} of fees.",
        "{provider}: {lines} pembayaran, {theirs} menurut laporan, {ours} menurut catatan kita, biaya {fees}.",
    ),
    "statement.question": (
        "Record {lines} payments as paid out, with fees of {fees} ({more} of them not booked yet)?",
        "Catat {lines} pembayaran sebagai sudah disetor, dengan biaya {fees} ({more} di antaranya belum dibukukan)?",
    ),
    "statement.recorded": (
        "{lines} payments recorded as paid out, with fees of {fees}, of which {more} are booked now.",
        "{lines} pembayaran dicatat sudah disetor, dengan biaya {fees}, {more} di antaranya dibukukan sekarang.",
    ),
    "statement.nothing_new": (
        "Nothing of it is new: every payment that ties is recorded with its fee.",
        "Tidak ada yang baru: setiap pembayaran yang cocok sudah dicatat beserta biayanya.",
    ),
    "statement.no_undo": (
        "nothing: another statement that says otherwise outweighs it",
        "tidak ada: laporan lain yang berbeda akan mengalahkannya",
    ),
    "statement.too_long": (
        "{lines} payments at once are too many; give it in parts of {most} lines.",
        "{lines} pembayaran sekaligus terlalu banyak; berikan per bagian {most} baris.",
    ),
    "statement.fees_off": (
        "Fees are not booked here: set LUNAS_BOOK_FEES once every process is of this release (docs/upgrading.md).",
        "Biaya tidak dibukukan di sini: atur LUNAS_BOOK_FEES setelah semua proses memakai rilis ini (docs/upgrading.md).",
    ),
    "statement.ties": ("It ties to the rupiah.", "Cocok sampai rupiah terakhir."),
    "statement.differs": (
        "It does not tie: {amount} more by the statement, and {omitted} of ours that it does not name. What differs:",
        "Tidak cocok: {amount} lebih banyak menurut laporan, dan {omitted} milik kita tidak disebut di dalamnya. Yang berbeda:",
    ),
    "statement.span": (
        "{channel}: our payments between {first} and {last} were looked for in it.",
        "{channel}: pembayaran kita antara {first} dan {last} dicari di dalamnya.",
    ),
    "statement.no_span": (
        "What it may leave out was not looked for: it names fewer than two payments of each channel, or --since and --until leave no time.",
        "Yang mungkin tidak disebut di dalamnya tidak dicari: kurang dari dua pembayaran per kanal disebut, atau --since dan --until tidak menyisakan waktu.",
    ),
    "status.drift": (
        "{provider}'s own lists and our record differ in {count} payments: `lunas reconcile show {provider}`.",
        "Daftar {provider} dan catatan kita berbeda pada {count} pembayaran: `lunas reconcile show {provider}`.",
    ),
    "doctor.drift": (
        "{provider}: {count} payments differ between its own lists and our record, about {amount}",
        "{provider}: {count} pembayaran berbeda antara daftarnya dan catatan kita, sekitar {amount}",
    ),
    "doctor.drift.fix": (
        "look at each with lunas reconcile show {provider}; docs/runbooks/differences-with-a-provider.md says what to do",
        "lihat satu per satu dengan lunas reconcile show {provider}; docs/runbooks/differences-with-a-provider.md menjelaskan tindakannya",
    ),
    "doctor.compared": (
        "{provider}: its own lists and our record agree, as far as they were compared",
        "{provider}: daftarnya dan catatan kita cocok, sejauh yang dicocokkan",
    ),
    "doctor.not_compared": (
        "{provider}: comparing its lists stopped ({code}) and has not gone on for {hours} h; a lost webhook would not be found",
        "{provider}: pencocokan daftarnya berhenti ({code}) dan belum lanjut selama {hours} jam; webhook yang hilang tidak akan ditemukan",
    ),
    "doctor.not_compared.fix": (
        "lunas reconcile run {provider} says what keeps it; LUNAS_RECONCILE_INTERVAL_MINUTES and the key for its API decide whether it runs by itself",
        "lunas reconcile run {provider} menunjukkan sebabnya; LUNAS_RECONCILE_INTERVAL_MINUTES dan kunci API-nya menentukan apakah berjalan sendiri",
    ),
    "difference.missing_here": ("missing here", "tidak ada di sini"),
    "difference.missing_there": ("not known there", "tidak dikenal di sana"),
    "difference.amount": ("other amount", "jumlah berbeda"),
    "difference.status": ("other status", "status berbeda"),
    "difference.duplicate": ("paid twice", "dibayar dua kali"),
    "difference.unconfirmed": ("not confirmed", "belum dikonfirmasi"),
    "difference.sum": ("does not add up", "jumlahnya tidak klop"),
    "difference.unreadable": ("unreadable row", "baris tak terbaca"),
}  # fmt: skip
