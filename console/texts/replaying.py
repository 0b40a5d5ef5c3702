"""Filters, and replays with a preview."""

from __future__ import annotations

REPLAYING: dict[str, tuple[str, str]] = {
    "audit.unknown": ("There is no audit record {id}.", "Tidak ada catatan audit {id}."),
    "where.column": ("Column {column}:", "Kolom {column}:"),
    "where.empty": ("the filter is empty.", "filternya kosong."),
    "where.field_expected": (
        "here a field must stand, not “{found}”.",
        "di sini harus ada bidang, bukan “{found}”.",
    ),
    "where.field_unknown": ("there is no field “{found}”.", "tidak ada bidang “{found}”."),
    "where.field_unfit": (
        "what is looked through has no “{found}”.",
        "yang dicari tidak punya “{found}”.",
    ),
    "where.field_needed": (
        "source=missing asks a provider for its own lists: say “{found}” as well.",
        "source=missing menanyakan daftar milik penyedia: sebutkan juga “{found}”.",
    ),
    "where.source_alone": (
        "“{found}” is planned by itself: a provider is asked for it.",
        "“{found}” direncanakan sendiri: untuk itu penyedia ditanya.",
    ),
    "where.not_in": ("It means nothing in: {known}", "Tidak berarti apa-apa dalam: {known}"),
    "where.such_as": ("Such as: {known}", "Misalnya: {known}"),
    "where.operator_expected": (
        "an operator must follow the field, not “{found}”.",
        "setelah bidang harus ada operator, bukan “{found}”.",
    ),
    "where.operator_unfit": (
        "this field cannot be asked with “{found}”.",
        "bidang ini tidak dapat ditanya dengan “{found}”.",
    ),
    "where.value_expected": (
        "here a value must stand, not “{found}”.",
        "di sini harus ada nilai, bukan “{found}”.",
    ),
    "where.amount_malformed": (
        "“{found}” is no amount: whole rupiah, digits only.",
        "“{found}” bukan jumlah: rupiah bulat, hanya angka.",
    ),
    "where.time_malformed": (
        "“{found}” is no time: 2h, 30m, 3d, or an ISO 8601 time (WIB without a zone).",
        "“{found}” bukan waktu: 2h, 30m, 3d, atau waktu ISO 8601 (WIB bila tanpa zona).",
    ),
    "where.id_malformed": ("“{found}” is no id.", "“{found}” bukan id."),
    "where.value_unknown": (
        "“{found}” is none of the values there are.",
        "“{found}” bukan salah satu nilai yang ada.",
    ),
    "where.quote_open": ("this quote is never closed.", "tanda kutip ini tidak pernah ditutup."),
    "where.and_expected": (
        "“and” or the end must follow, not “{found}”.",
        "harus diikuti “and” atau akhir, bukan “{found}”.",
    ),
    "where.near": ("Did you mean “{near}”?", "Apakah maksudnya “{near}”?"),
    "where.known": ("There are: {known}", "Yang ada: {known}"),
    "replay.behind": (
        "Nothing reliable can be said now: {detail}. Look at `lunas status`, and plan again when it has caught up. Nothing was changed.",
        "Sekarang belum ada yang dapat dipastikan: {detail}. Lihat `lunas status`, lalu rencanakan lagi setelah terkejar. Tidak ada yang diubah.",
    ),
    "replay.unknown": ("There is no plan {id}.", "Tidak ada rencana {id}."),
    "replay.not_planned": (
        "Plan {id} is {status}: a plan is applied once. Nothing was changed.",
        "Rencana {id} berstatus {status}: satu rencana hanya dijalankan sekali. Tidak ada yang diubah.",
    ),
    "replay.not_resumable": (
        "Plan {id} is {status}, or somebody is running it: there is nothing to resume. Nothing was changed.",
        "Rencana {id} berstatus {status}, atau sedang dijalankan orang lain: tidak ada yang dilanjutkan. Tidak ada yang diubah.",
    ),
    "replay.not_stoppable": (
        "Plan {id} is {status}: there is nothing to stop. Nothing was changed.",
        "Rencana {id} berstatus {status}: tidak ada yang dihentikan. Tidak ada yang diubah.",
    ),
    "replay.moved": (
        "The world has moved since plan {id} was made: {count} streams have other versions, such as {shown}. Plan again. Nothing was changed.",
        "Keadaan sudah berubah sejak rencana {id} dibuat: {count} aliran punya versi lain, misalnya {shown}. Rencanakan lagi. Tidak ada yang diubah.",
    ),
    "replay.differs": (
        "Run now, plan {id} would change something else than its preview says (another catalogue, customer or program). Plan again. "
        "Nothing was changed.",
        "Bila dijalankan sekarang, rencana {id} mengubah hal lain dari pratinjaunya (katalog, pelanggan atau program lain). Rencanakan lagi. "
        "Tidak ada yang diubah.",
    ),
    "replay.no_rate": (
        "{given} is no rate: deliveries a second, such as 20/s, more than 0 and at most {most}",
        "{given} bukan laju: kiriman per detik, misalnya 20/s, lebih dari 0 dan paling banyak {most}",
    ),
    "replay.done_undo": (
        "what was processed is undone by claims, refunds or corrections",
        "yang sudah diproses dibatalkan lewat klaim, refund atau koreksi",
    ),
    "replay.apply_undo": (
        "stop it with lunas replay cancel {id}; what was processed is undone by claims, refunds or corrections",
        "hentikan dengan lunas replay cancel {id}; yang sudah diproses dibatalkan lewat klaim, refund atau koreksi",
    ),
    "replay.cancel_undo": (
        "plan the same filter again: what was not sent is still there",
        "rencanakan filter yang sama lagi: yang belum dikirim masih ada",
    ),
    "replay.apply_question": (
        "Send {count} through the pipeline again, at most {rate} a second, as the preview shows?",
        "Kirim {count} sekali lagi melalui pipa, paling banyak {rate} per detik, seperti pada pratinjau?",
    ),
    "replay.planned": (
        "Plan {id}: {count} chosen, {sampled} of them run for the preview. Nothing was changed.",
        "Rencana {id}: {count} dipilih, {sampled} di antaranya dijalankan untuk pratinjau. Tidak ada yang diubah.",
    ),
    "replay.sampled": (
        "The preview ran {sampled} of {count}, of every kind in proportion: counts and rupiah below are of all, changes are of those that were run.",
        "Pratinjau menjalankan {sampled} dari {count}, tiap jenis sebanding: hitungan dan rupiah di bawah untuk semua, perubahan untuk yang dijalankan.",
    ),
    "replay.changes_none": (
        "No customer would notice anything.",
        "Tidak ada pelanggan yang akan merasakan apa pun.",
    ),
    "replay.nothing_missing": (
        "The provider lists nothing that fits and that we were not sent. Nothing was changed.",
        "Tidak ada yang cocok dalam daftar penyedia yang belum dikirim kepada kita. Tidak ada yang diubah.",
    ),
    "replay.not_all": (
        "The provider did not show everything ({code}): there may be more than this.",
        "Penyedia tidak menampilkan semuanya ({code}): mungkin ada lebih dari ini.",
    ),
    "replay.nobody": ("(nobody yet)", "(belum ada pemilik)"),
    "replay.more_customers": (
        "… and {count} more customers: lunas replay show {id} --json",
        "… dan {count} pelanggan lagi: lunas replay show {id} --json",
    ),
    "replay.alarms": ("Letters for a person: {alarms}", "Surat untuk orang: {alarms}"),
    "replay.would_be": ("Would be: {outcomes}", "Akan menjadi: {outcomes}"),
    "replay.next": (
        "Apply it: lunas replay apply {id} --reason …",
        "Jalankan: lunas replay apply {id} --reason …",
    ),
    "replay.applied": ("Plan {id} is {status}: {outcomes}", "Rencana {id} berstatus {status}: {outcomes}"),
    "replay.stopped": (
        "Stopped; what was sent goes on. Go on with: lunas replay resume {id}",
        "Dihentikan; yang sudah terkirim tetap berjalan. Lanjutkan dengan: lunas replay resume {id}",
    ),
    "replay.paused": ("Plan {id} is paused.", "Rencana {id} dijeda."),
    "replay.cancelled": ("Plan {id} is cancelled.", "Rencana {id} dibatalkan."),
    "replay.none": ("There are no replays.", "Belum ada pemutaran ulang."),
    "replay.still_failing": (
        "{count} came back as dead letters: lunas problems list",
        "{count} kembali sebagai surat mati: lunas problems list",
    ),
    "replay.field.credit_tokens": ("credit tokens", "token kredit"),
    "replay.field.chat_tokens": ("chat tokens", "token obrolan"),
    "replay.field.tier": ("tier", "tingkat"),
    "replay.field.course": ("course", "kelas"),
    "replay.field.subscription": ("subscription", "langganan"),
    "replay.field.held": ("held money", "uang tertahan"),
    "replay.told": ("told: {kinds}", "diberi tahu: {kinds}"),
}
