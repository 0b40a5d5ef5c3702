"""Help of the commands for the terminal: trigger, listen, top, completion."""

from __future__ import annotations

TERMINAL_HELP: dict[str, str] = {
    "Send one documented event of a provider, signed, with your own values.": (
        "Kirim satu peristiwa penyedia, bertanda tangan, dengan nilai Anda sendiri."
    ),
    "Send one documented event of PROVIDER, correctly signed, with your own values in it.": (
        "Kirim satu peristiwa PROVIDER yang terdokumentasi, bertanda tangan benar, dengan nilai Anda sendiri di dalamnya."
    ),
    "Without EVENT, list what the provider can send. `--show` prints the body, whose paths `--set` takes. Exit code 1 when the door does "
    "not answer as it should: 200, or 401 for what was tampered with. Refused in production, where invented money would become real "
    "balances.": (
        "Tanpa EVENT, daftar yang dapat dikirim penyedia. `--show` mencetak isinya, yang jalurnya dipakai `--set`. Kode keluar 1 bila pintu "
        "tidak menjawab semestinya: 200, atau 401 untuk yang dirusak. Ditolak di produksi, karena uang rekaan akan menjadi saldo."
    ),
    "Put VALUE into the body at PATH, as data.amount=75000; again for more. Signed after that.": (
        "Taruh VALUE di PATH dalam isi, misalnya data.amount=75000; ulangi untuk lebih. Ditandatangani sesudahnya."
    ),
    "Send the same bytes so many times, as a provider that heard no answer.": (
        "Kirim bita yang sama sekian kali, seperti penyedia yang tidak mendengar jawaban."
    ),
    "The payment expired or failed before: that is sent first.": (
        "Pembayarannya kedaluwarsa atau gagal lebih dulu: itu dikirim dahulu."
    ),
    "Change it after it was signed: the door must answer 401.": "Ubah setelah ditandatangani: pintu harus menjawab 401.",
    "When it happened: 2h, 3d ago, or an ISO 8601 time (WIB); now without it.": (
        "Kapan terjadinya: 2h, 3d yang lalu, atau waktu ISO 8601 (WIB); tanpa ini sekarang."
    ),
    "What is paid, in whole rupiah, wherever the body says so.": "Yang dibayar, dalam rupiah bulat, di mana pun isinya menyebutnya.",
    "The same number gives the same ids.": "Angka yang sama memberi id yang sama.",
    "Show the body and send nothing.": "Tampilkan isinya dan jangan kirim apa pun.",
    "The log as it grows; forwards to an application on your desk.": (
        "Log saat bertambah; meneruskan ke aplikasi di meja Anda."
    ),
    "Show every event of the log as it is written, until Ctrl-C.": "Tampilkan tiap peristiwa log saat ditulis, sampai Ctrl-C.",
    "With --json each event is one line of JSON. With --forward an application hears what its endpoint would: each notification is sent "
    "once, with the headers of Standard Webhooks; nothing is repeated or kept. Exit code 1 when a forwarded one was not taken.": (
        "Dengan --json tiap peristiwa adalah satu baris JSON. Dengan --forward aplikasi mendengar apa yang didengar endpoint-nya: tiap "
        "pemberitahuan dikirim sekali, dengan header Standard Webhooks; tidak ada yang diulang atau disimpan. Kode keluar 1 bila ada yang "
        "tidak diterima."
    ),
    "Only this type of event or notification, or a family: payment.*; again for more.": (
        "Hanya tipe peristiwa atau pemberitahuan ini, atau keluarganya: payment.*; ulangi untuk lebih."
    ),
    "Send what applications are told to this address, signed like our webhooks.": (
        "Kirim yang diberitahukan kepada aplikasi ke alamat ini, ditandatangani seperti webhook kita."
    ),
    "Signs what is forwarded: the application's own whsec_…, or a word to make one of; otherwise one that is made now. It is shown.": (
        "Menandatangani yang diteruskan: whsec_… milik aplikasi sendiri, atau kata untuk membuatnya; tanpa ini dibuat sekarang. Rahasianya ditampilkan."
    ),
    "Begin so many positions before the end of the log.": "Mulai sekian posisi sebelum akhir log.",
    "Stop after so many events; otherwise at Ctrl-C.": "Berhenti setelah sekian peristiwa; tanpa ini saat Ctrl-C.",
    "Everything at a glance and live, in place.": "Semuanya sekilas dan langsung, di tempat.",
    "Everything at a glance and live, until Ctrl-C: what is wrong first, then processes, providers, money, queues and read models.": (
        "Semuanya sekilas dan langsung, sampai Ctrl-C: yang salah lebih dulu, lalu proses, penyedia, uang, antrean dan model baca."
    ),
    "Into a pipe it looks once. With --json each look is one line, and with --once one document. Exit code 1 when something is wrong at "
    "the last look.": (
        "Ke dalam pipa ia melihat sekali. Dengan --json tiap pandangan satu baris, dan dengan --once satu dokumen. Kode keluar 1 bila ada "
        "yang salah pada pandangan terakhir."
    ),
    "Seconds between two looks.": "Detik antara dua pandangan.",
    "Look once and end, as into a pipe.": "Lihat sekali lalu selesai, seperti ke dalam pipa.",
    "Completion of commands and options in your shell: print, install.": (
        "Pelengkapan perintah dan opsi di shell Anda: cetak, pasang."
    ),
    "Print the completion script of a shell: bash, zsh or fish; yours when none is named.": (
        "Cetak skrip pelengkapan sebuah shell: bash, zsh atau fish; milik Anda bila tidak disebut."
    ),
    "`lunas completion --install` puts it where your shell looks. Doing it again changes nothing.": (
        "`lunas completion --install` menaruhnya di tempat shell Anda mencari. Mengulanginya tidak mengubah apa pun."
    ),
    "Put it where the shell looks: for new shells of yours, until --remove.": (
        "Taruh di tempat shell mencari: untuk shell baru Anda, sampai --remove."
    ),
    "Take away what --install put there.": "Hapus yang ditaruh --install.",
}
