"""Help of replays, in Indonesian."""

from __future__ import annotations

REPLAYING_HELP: dict[str, str] = {
    "Who did what, when, why, and how to undo it.": "Siapa berbuat apa, kapan, mengapa, dan cara membatalkannya.",
    "List acts, newest first; of the last 90 days, unless --since says more.": (
        "Tampilkan tindakan, terbaru dulu; 90 hari terakhir, kecuali --since menyebut lebih."
    ),
    "Only what this person did.": "Hanya yang dilakukan orang ini.",
    "Only acts whose name begins so: replay, suspense.claim, problems.": "Hanya tindakan yang namanya berawalan begini: replay, suspense.claim, problems.",
    "Only what was done to this: an id of a letter, a plan, held money, a problem.": (
        "Hanya yang dilakukan terhadap ini: id surat, rencana, uang tertahan, masalah."
    ),
    "Show one act by the id that its command printed.": "Tampilkan satu tindakan menurut id yang dicetak perintahnya.",
    "Read a payment otherwise than its provider said.": "Baca pembayaran lain dari yang dinyatakan penyedianya.",
    "Let what somebody else proposed count.": "Berlakukan yang diusulkan orang lain.",
    "Take a correction back, or any act by its audit record.": "Tarik koreksi kembali, atau tindakan apa pun menurut catatan auditnya.",
    "What was corrected, with both versions.": "Yang dikoreksi, dengan kedua versinya.",
    "What was paid, in whole rupiah.": "Yang dibayar, dalam rupiah bulat.",
    "Whose payment it is: the id of a registered customer.": "Milik siapa pembayarannya: id pelanggan terdaftar.",
    "What it was for: a catalogue id, or `credit`.": "Untuk apa: id katalog, atau `credit`.",
    "Read a payment otherwise than its provider said. Its bytes and facts stay; what was granted is granted anew; `revert` takes it back.": (
        "Baca pembayaran lain dari yang dinyatakan penyedianya. Isi dan faktanya tetap; yang diberikan diberikan ulang; `revert` menariknya kembali."
    ),
    "Above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.": (
        "Di atas LUNAS_CORRECTION_APPROVAL_IDR menunggu sampai orang lain menjalankan `lunas approve`."
    ),
    "Once an approver is named (`lunas operators`), it takes the password of one: typed, or from the file that LUNAS_OPERATOR_PASSWORD_FILE names.": (
        "Begitu ada penyetuju bernama (`lunas operators`), ini memerlukan kata sandi salah satunya: diketik, atau dari berkas yang disebut "
        "LUNAS_OPERATOR_PASSWORD_FILE."
    ),
    "Let a correction that somebody else proposed count from now on, or have done what somebody else proposed.": (
        "Berlakukan mulai sekarang koreksi yang diusulkan orang lain, atau jalankan yang diusulkannya."
    ),
    "Take a correction back, or any act by the id of its audit record: everything is as if nobody had done it. Both versions stay visible.": (
        "Tarik koreksi kembali, atau tindakan apa pun menurut id catatan auditnya: semuanya seperti tidak pernah dilakukan. Kedua versi tetap terlihat."
    ),
    "Corrections and approvals, settled and discarded letters, claims and write-offs, orders confirmed by hand, frozen credit. Where something came after it, or there is no way back, it says so.": (
        "Koreksi dan persetujuan, surat yang diselesaikan atau ditutup, klaim dan penghapusan, pesanan yang dipastikan sendiri, saldo yang dibekukan. Bila ada "
        "yang terjadi sesudahnya, atau tidak ada jalan kembali, itu dikatakan."
    ),
    "List corrections, newest first, with what was read before and after, and what else waits for a second person or did.": (
        "Tampilkan koreksi, terbaru dulu, dengan yang dibaca sebelum dan sesudahnya, serta hal lain yang menunggu atau pernah menunggu orang kedua."
    ),
    "Why a balance, an access or a tier is what it is, down to the bytes.": "Mengapa saldo, akses atau tingkat seperti adanya, sampai ke isinya.",
    "Explain a balance, an access or a tier: every event that moved it, with the delivery whose bytes said so, and what it comes to.": (
        "Jelaskan saldo, akses atau tingkat: setiap peristiwa yang mengubahnya, dengan kiriman yang isinya menyatakannya, dan hasil akhirnya."
    ),
    "Without a moment it is compared with the read model. Exit code 1 when that shows something else.": (
        "Tanpa saat tertentu dibandingkan dengan model baca. Kode keluar 1 bila menampilkan hal lain."
    ),
    "As things were then, by when they happened: 2h, 3d, or an ISO 8601 time (WIB); a day alone is all of it.": (
        "Seperti keadaannya saat itu, menurut waktu terjadinya: 2h, 3d, atau waktu ISO 8601 (WIB); hari saja berarti sampai akhirnya."
    ),
    "As we knew it then: only what had been recorded by that time.": "Seperti yang kita tahu saat itu: hanya yang sudah tercatat waktu itu.",
    "Only the sentences, as a customer may be sent them.": "Hanya kalimatnya, seperti yang boleh dikirim kepada pelanggan.",
    "What is wrong, by cause: money, customers, age, state, next step.": "Apa yang salah, per sebab: uang, pelanggan, umur, status, langkah berikut.",
    "What is parked, held or silent, grouped by cause: how many, how much money, how many customers, since when, and the next step.": (
        "Yang diparkir, tertahan atau sunyi, dikelompokkan per sebab: berapa banyak, berapa uang, berapa pelanggan, sejak kapan, langkah berikut."
    ),
    "List problems, causes before what is only wrong because of them. Exit code 1 when one is open.": (
        "Tampilkan masalah, sebab sebelum akibatnya. Kode keluar 1 bila ada yang terbuka."
    ),
    "Also those that were called fixed or ignored.": "Juga yang dinyatakan diperbaiki atau diabaikan.",
    "Show one problem: what it consists of, what people noted, what to do, and what a replay would be.": (
        "Tampilkan satu masalah: isinya, catatan orang, apa yang harus dilakukan, dan putar ulangnya."
    ),
    "Say that somebody takes care of it.": "Nyatakan bahwa ada yang menanganinya.",
    "Who takes care of it; otherwise whoever says so.": "Siapa yang menangani; jika tidak, yang menyatakannya.",
    "Say that its cause is mended. It is open again when it comes back.": "Nyatakan sebabnya sudah diperbaiki. Terbuka lagi bila muncul lagi.",
    "Say that nothing is to be done. What is parked stays parked, and counted.": (
        "Nyatakan tidak ada yang perlu dilakukan. Yang diparkir tetap diparkir, dan dihitung."
    ),
    "Take back what was said: it is open.": "Tarik kembali pernyataan: masalahnya terbuka.",
    "Note something about it, for whoever looks next.": "Catat sesuatu tentangnya, untuk yang melihat berikutnya.",
    "Replays with a preview: plan, apply, progress, pause, cancel.": (
        "Putar ulang dengan pratinjau: rencana, jalankan, kemajuan, jeda, batal."
    ),
    "Send stored deliveries and dead letters through the pipeline again, after a look at what that would change.": (
        "Kirim kiriman tersimpan dan surat mati sekali lagi melalui pipa, setelah melihat apa yang akan berubah."
    ),
    "plan chooses and previews, apply does it behind live traffic, status shows how far it is; pause, resume and cancel work from anywhere.": (
        "plan memilih dan mempratinjau, apply menjalankannya di belakang lalu lintas langsung, status menunjukkan kemajuannya; pause, resume dan "
        "cancel bekerja dari mana saja."
    ),
    "What to choose: provider=mayar and error~timeout and amount>500000 and since 2h.": (
        "Yang dipilih: provider=mayar and error~timeout and amount>500000 and since 2h."
    ),
    "Choose what a filter finds, run it against the real state without writing anything, and show what would change for whom.": (
        "Pilih yang ditemukan filter, jalankan terhadap keadaan nyata tanpa menulis apa pun, dan tampilkan apa yang berubah untuk siapa."
    ),
    "Open dead letters are looked through; with a status stored deliveries, and with source= what it names: letters, deliveries, unhandled, quarantine, missing.": (
        "Yang dicari adalah surat mati yang terbuka; dengan status kiriman tersimpan, dan dengan source= yang disebutnya: letters, deliveries, unhandled, "
        "quarantine, missing."
    ),
    "Show a plan again: what was chosen, what it would change, what became of it.": (
        "Tampilkan lagi sebuah rencana: apa yang dipilih, apa yang akan berubah, apa jadinya."
    ),
    "Do what a plan previewed. Refused when the world has moved since; each delivery's outcome is kept, and nothing is lost by a crash.": (
        "Lakukan yang dipratinjau rencana. Ditolak bila keadaan sudah berubah; hasil tiap kiriman disimpan, dan tidak ada yang hilang karena crash."
    ),
    "Deliveries a second at most, such as 20/s; otherwise LUNAS_REPLAY_RATE.": (
        "Paling banyak kiriman per detik, misalnya 20/s; jika tidak, LUNAS_REPLAY_RATE."
    ),
    "Go on with a replay that was paused, or that ended with its process: nothing is sent twice, nothing is left out.": (
        "Lanjutkan putar ulang yang dijeda, atau yang berakhir bersama prosesnya: tidak ada yang ganda, tidak ada yang terlewat."
    ),
    "Stop a running replay within a second; what was sent goes on. `lunas replay resume` continues it.": (
        "Hentikan putar ulang yang berjalan dalam satu detik; yang sudah terkirim tetap berjalan. `lunas replay resume` melanjutkannya."
    ),
    "Give a plan up, or end its replay within a second. What was not sent stays as it was.": (
        "Batalkan rencana, atau akhiri putar ulangnya dalam satu detik. Yang belum dikirim tetap seperti semula."
    ),
    "List replays, newest first, or show how far one is.": (
        "Tampilkan putar ulang, terbaru dulu, atau kemajuan satu di antaranya."
    ),
    "Plan everything that came since then and had no effect it should have had.": (
        "Rencanakan semua yang datang sejak itu dan belum berdampak sebagaimana mestinya."
    ),
    "Open dead letters, events that nothing handled, and rejected requests that are genuine under the secrets of now. What never came: missing.": (
        "Surat mati yang terbuka, peristiwa yang belum ditangani, dan permintaan yang ditolak tetapi asli menurut rahasia sekarang. Yang tidak pernah "
        "datang: missing."
    ),
    "Plan what a provider lists and we were never sent: its own lists are read back to --since, and nothing is written but the plan.": (
        "Rencanakan yang ada di daftar penyedia tetapi tidak pernah dikirim kepada kita: daftarnya dibaca sampai --since, dan hanya rencananya yang ditulis."
    ),
    "Which provider's lists.": "Daftar penyedia yang mana.",
    "From when on: 2h, 3d, or an ISO 8601 time (WIB).": "Sejak kapan: 2h, 3d, atau waktu ISO 8601 (WIB).",
    "Plan deliveries of events that nothing handled when they came: what this version understands by now has its effect.": (
        "Rencanakan kiriman peristiwa yang belum ditangani saat datang: yang kini dipahami versi ini akan berdampak."
    ),
}
