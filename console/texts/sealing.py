"""Sentences of `lunas audit seals|verify|prove`, and of `lunas log parts|archive|archives`."""

from __future__ import annotations

SEALING: dict[str, tuple[str, str]] = {
    "seals.none": ("Nothing is sealed yet.", "Belum ada yang disegel."),
    "log.no_part": (
        "There is no part {part} with events in it. There are: {known}.",
        "Tidak ada bagian {part} yang berisi peristiwa. Yang ada: {known}.",
    ),
    "log.nothing": (
        "Every part that ended has its file.",
        "Setiap bagian yang sudah berakhir punya berkasnya.",
    ),
    "log.nothing_sealed": (
        "Nothing of {part} is sealed yet: the processor seals once a minute. Nothing was written.",
        "Belum ada dari {part} yang disegel: processor menyegel tiap menit. Tidak ada yang ditulis.",
    ),
    "log.archived": (
        "{part}: {file} holds {events} events {reach}; it was read back, and fits its seals.",
        "{part}: {file} berisi {events} peristiwa {reach}; sudah dibaca ulang dan cocok dengan segelnya.",
    ),
    "log.whole": ("to its end", "sampai akhirnya"),
    "log.through": ("up to position {position}", "sampai posisi {position}"),
    "log.due": (
        "To be written, by lunas log archive: {parts}",
        "Perlu ditulis dengan lunas log archive: {parts}",
    ),
    "log.room": (
        "Room for {positions} more positions; {parts} empty parts are ahead.",
        "Masih ada tempat untuk {positions} posisi; {parts} bagian kosong di depan.",
    ),
    "doctor.log_parts": (
        "the log has room for {positions} more positions, {parts} empty parts ahead",
        "log punya tempat untuk {positions} posisi lagi, {parts} bagian kosong di depan",
    ),
    "doctor.log_parts.fix": (
        "lunas migrate makes what is missing; a processor does so once a minute, and its log says why not (log.part_later)",
        "lunas migrate membuat yang kurang; processor melakukannya tiap menit, dan log-nya menyebut alasannya bila tidak (log.part_later)",
    ),
    "seals.unsealed": (
        "{count} positions are not sealed yet; the processor seals them in turn.",
        "{count} posisi belum disegel; processor menyegelnya bergiliran.",
    ),
    "verify.equal": (
        "The log is as it was sealed: {events} events under {seals} seals, and the bytes of {bodies} webhooks. Compare the newest seal, "
        "{number}, with the one that was published: {hash}",
        "Log sama seperti ketika disegel: {events} peristiwa di bawah {seals} segel, dan bita {bodies} webhook. Bandingkan segel terbaru, "
        "{number}, dengan yang diterbitkan: {hash}",
    ),
    "verify.equal_published": (
        "The log is as it was sealed and published: {events} events under {seals} seals, and the bytes of {bodies} webhooks. The newest seal is "
        "{number}: {hash}",
        "Log sama seperti ketika disegel dan diterbitkan: {events} peristiwa di bawah {seals} segel, dan bita {bodies} webhook. Segel terbaru "
        "{number}: {hash}",
    ),
    "verify.different": (
        "{count} differences, in {events} events under {seals} seals. What to do: docs/runbooks/log-changed.md",
        "{count} perbedaan, dalam {events} peristiwa di bawah {seals} segel. Langkahnya: docs/runbooks/log-changed.md",
    ),
    "verify.more": ("and more; in all: {kinds}", "dan lainnya; seluruhnya: {kinds}"),
    "verify.changed": (
        "event {position} ({detail}) was changed after seal {seal}",
        "peristiwa {position} ({detail}) diubah setelah segel {seal}",
    ),
    "verify.missing": (
        "event {position} is gone, seal {seal} covers it",
        "peristiwa {position} hilang, padahal tercakup segel {seal}",
    ),
    "verify.added": (
        "event {position} ({detail}) was put in after seal {seal}",
        "peristiwa {position} ({detail}) disisipkan setelah segel {seal}",
    ),
    "verify.body": (
        "the bytes of delivery {detail} are not those that event {position} names (seal {seal})",
        "bita kiriman {detail} bukan yang disebut peristiwa {position} (segel {seal})",
    ),
    "verify.seal": ("seal {seal} was changed: {detail}", "segel {seal} diubah: {detail}"),
    "verify.published": (
        "seal {seal} is not the one that was published: {detail}",
        "segel {seal} bukan yang diterbitkan: {detail}",
    ),
    "verify.unknown_seal": (
        "seal {seal} was published and is not in this database: a part of the log is gone, or this is a restore from before it",
        "segel {seal} sudah diterbitkan tetapi tidak ada di basis data ini: sebagian log hilang, atau ini pemulihan dari saat sebelumnya",
    ),
    "verify.kind.changed": ("changed", "diubah"),
    "verify.kind.missing": ("gone", "hilang"),
    "verify.kind.added": ("put in", "disisipkan"),
    "verify.kind.body": ("other bytes", "bita lain"),
    "verify.kind.seal": ("broken seals", "segel rusak"),
    "verify.kind.published": ("not as published", "tidak seperti yang diterbitkan"),
    "verify.kind.unknown_seal": ("published only", "hanya di terbitan"),
    "verify.unreadable": (
        "{file} cannot be read as published seals: {error}",
        "{file} tidak dapat dibaca sebagai segel terbitan: {error}",
    ),
    "verify.no_seals_in_file": ("{file} holds no seal", "{file} tidak berisi segel"),
    "proof.unknown": (
        "{provider} has no payment that is known as {id}",
        "{provider} tidak punya pembayaran yang dikenal sebagai {id}",
    ),
    "proof.not_yet": (
        "Its newest events are not sealed yet. Try again in a moment: the processor seals every {variable}.",
        "Peristiwa terbarunya belum disegel. Coba lagi sebentar: processor menyegel setiap {variable}.",
    ),
    "proof.made": (
        "{events} events under seals {seals}. To check it: python3 deploy/verify_proof.py FILE SEALS",
        "{events} peristiwa di bawah segel {seals}. Untuk memeriksanya: python3 deploy/verify_proof.py FILE SEALS",
    ),
}
