"""Corrections of payments."""

from __future__ import annotations

CORRECTING: dict[str, tuple[str, str]] = {
    "correct.unknown": ("There is no correction {id}.", "Tidak ada koreksi {id}."),
    "correct.none": ("Nothing was ever corrected.", "Belum pernah ada koreksi."),
    "correct.nothing": (
        "Say what is to be read otherwise: --amount, --customer or --product. Nothing was changed.",
        "Sebutkan apa yang dibaca lain: --amount, --customer atau --product. Tidak ada yang diubah.",
    ),
    "correct.several": (
        "More than one payment is known as {id}: name one of them. Nothing was changed.",
        "Lebih dari satu pembayaran dikenal sebagai {id}: sebutkan salah satu. Tidak ada yang diubah.",
    ),
    "correct.order_amount": (
        "At {provider} the order says what was paid: mend it there. Nothing was changed.",
        "Di {provider} pesanan yang menyatakan jumlahnya: perbaiki di sana. Tidak ada yang diubah.",
    ),
    "correct.own": (
        "{id} was proposed by {by}: another person must approve it. Nothing was changed.",
        "{id} diusulkan oleh {by}: harus disetujui orang lain. Tidak ada yang diubah.",
    ),
    "correct.decided": (
        "Correction {id} is {status}. Nothing was changed.",
        "Koreksi {id} berstatus {status}. Tidak ada yang diubah.",
    ),
    "correct.question": (
        "Read {provider} {id} from now on with {patch}, and grant anew what follows?",
        "Baca {provider} {id} mulai sekarang dengan {patch}, dan berikan ulang yang mengikutinya?",
    ),
    "correct.approve_question": ("Let {id} count from now on?", "Berlakukan {id} mulai sekarang?"),
    "revert.question": (
        "Take back {verb} {target} of {by}?",
        "Tarik kembali {verb} {target} dari {by}?",
    ),
    "revert.unknown": (
        "There is no correction and no audit record {id}: lunas audit list, lunas corrections.",
        "Tidak ada koreksi maupun catatan audit {id}: lunas audit list, lunas corrections.",
    ),
    "revert.otherwise": (
        "{verb} is not taken back like this. Its own way back: {undo}. Nothing was changed.",
        "{verb} tidak ditarik kembali dengan cara ini. Caranya sendiri: {undo}. Tidak ada yang diubah.",
    ),
    "revert.no_way": ("there is none", "tidak ada"),
    "revert.not_newest": (
        "After it {by} said {verb} ({at}): look at that first, lunas audit show {act}. Nothing was changed.",
        "Setelahnya {by} menyatakan {verb} ({at}): lihat itu dulu, lunas audit show {act}. Tidak ada yang diubah.",
    ),
    "agree.proposed": (
        "{act} {target} ({amount}) waits for another person: lunas approve {id} --reason …",
        "{act} {target} ({amount}) menunggu orang lain: lunas approve {id} --reason …",
    ),
    "agree.waits": (
        "{act} {target} waits for another person already: {by} proposed it ({at}), lunas approve {change}. Nothing was changed.",
        "{act} {target} sudah menunggu orang lain: diusulkan {by} ({at}), lunas approve {change}. Tidak ada yang diubah.",
    ),
    "correct.applied": ("Correction {id} counts.", "Koreksi {id} berlaku."),
    "correct.proposed": (
        "Correction {id} waits for another person: lunas approve {id} --reason …",
        "Koreksi {id} menunggu orang lain: lunas approve {id} --reason …",
    ),
    "correct.reverted": ("Correction {id} is taken back.", "Koreksi {id} ditarik kembali."),
    "correct.declined": ("The proposal {id} is declined.", "Usulan {id} ditolak."),
    "correct.revert_undo": (
        "correct it again: the same patch has the same effect",
        "koreksi lagi: patch yang sama berdampak sama",
    ),
}
