"""Screens that only show."""

from __future__ import annotations

LOOKING: dict[str, tuple[str, str]] = {
    "state.ready": ("ready", "siap"),
    "state.not_ready": ("not ready", "belum siap"),
    "state.silent": ("hangs", "macet"),
    "state.other": ("somebody else", "pihak lain"),
    "status.process_other": (
        "something else answers at {address}, where {name} should: free that port, or correct LUNAS_{upper}_PORT or LUNAS_PEERS.",
        "pihak lain menjawab di {address}, tempat {name} seharusnya: kosongkan port itu, atau perbaiki LUNAS_{upper}_PORT atau LUNAS_PEERS.",
    ),
    "status.process_silent": (
        "{name} runs but answers nothing at {address}: it hangs; look at its log, then start it again.",
        "{name} berjalan tetapi tidak menjawab apa pun di {address}: macet; lihat log-nya, lalu jalankan lagi.",
    ),
    "status.rejected": (
        "{provider}: {count} requests were turned away in the last hour ({cause}): `lunas doctor` says what to do.",
        "{provider}: {count} permintaan ditolak dalam satu jam terakhir ({cause}): `lunas doctor` menunjukkan langkahnya.",
    ),
    "status.silent_provider": (
        "{provider}: nothing came for {ago} (last: {at}); in the same hours of {weeks} earlier weeks at least {expected} webhooks came nearly "
        "each time: `lunas doctor {provider}` says what to do.",
        "{provider}: tidak ada yang datang selama {ago} (terakhir: {at}); pada jam yang sama di {weeks} minggu sebelumnya hampir selalu datang "
        "sedikitnya {expected} webhook: `lunas doctor {provider}` menunjukkan langkahnya.",
    ),
    "doctor.silence": (
        "nothing came since {at}; in the same hours (from {since}) of {weeks} earlier weeks at least {expected} webhooks came nearly each time",
        "tidak ada yang datang sejak {at}; pada jam yang sama (dari {since}) di {weeks} minggu sebelumnya hampir selalu datang sedikitnya {expected} webhook",
    ),
    "doctor.silence.fix": (
        "look at {provider}'s dashboard: is the webhook address right, does it show failed deliveries? `lunas reconcile run {provider}` finds what was missed; docs/runbooks/silence.md",
        "lihat dasbor {provider}: apakah alamat webhook benar, adakah pengiriman gagal? `lunas reconcile run {provider}` menemukan yang terlewat; docs/runbooks/silence.md",
    ),
    "doctor.no_silence": (
        "as much comes as usually does at this time",
        "yang datang sebanyak biasanya pada waktu ini",
    ),
    "state.away": ("away", "mati"),
    "status.left_alone": (
        "{name} does not call {provider} for a while: several calls failed in a row, or its key was refused; one call tries again soon. What "
        "happened is in the timelines of payments and in its log (provider.called).",
        "{name} sementara tidak memanggil {provider}: beberapa panggilan gagal berturut-turut, atau kuncinya ditolak; satu panggilan segera "
        "mencoba lagi. Yang terjadi ada di lini masa pembayaran dan di log-nya (provider.called).",
    ),
    "status.fakes": (
        "Fakes       calls go to fake providers at {address}: their money is invented",
        "Palsu       panggilan menuju penyedia palsu di {address}: uangnya rekaan",
    ),
    "status.heading": ("{at} · log position {position}", "{at} · posisi log {position}"),
    "status.queues": ("Queues", "Antrean"),
    "status.readers": ("Read models and other readers of the log", "Model baca dan pembaca log lainnya"),
    "status.processes": ("Processes   ", "Proses   "),
    "status.process_not_ready": (
        "{name} runs but is not ready ({failed}, {address}): it waits for what is named here; its log says why.",
        "{name} berjalan tetapi belum siap ({failed}, {address}): menunggu yang disebut di sini; alasannya ada di log-nya.",
    ),
    "status.nothing_runs": (
        "no process answers ({names}): start everything with `make run`, or each with `lunas run NAME`.",
        "tidak ada proses yang menjawab ({names}): jalankan semuanya dengan `make run`, atau satu per satu dengan `lunas run NAMA`.",
    ),
    "status.process_away": (
        "{name} does not answer at {address}: start it with `lunas run {name}`, or everything with `make run`.",
        "{name} tidak menjawab di {address}: jalankan `lunas run {name}`, atau semuanya dengan `make run`.",
    ),
    "status.no_deliveries": ("No webhook was received yet.", "Belum ada webhook yang diterima."),
    "status.parked": (
        "{count} messages are parked: `lunas dlq groups` shows why.",
        "{count} pesan diparkir: `lunas dlq groups` menunjukkan alasannya.",
    ),
    "status.parked_line": ("Parked      {count} messages, {amount}", "Diparkir    {count} pesan, {amount}"),
    "status.parked_unknown": (
        " (and {count} whose amount cannot be read)",
        " (dan {count} yang jumlahnya tidak terbaca)",
    ),
    "status.suspense_line": (
        "Suspense    {count} payments, {amount}",
        "Tertahan    {count} pembayaran, {amount}",
    ),
    "status.suspense_oldest": (", the oldest {age}", ", yang tertua {age}"),
    "status.suspense_old": (
        "Held money has waited longer than {days} days: {count}, {amount}. `lunas suspense ageing` shows how long, "
        "`lunas suspense list` which.",
        "Uang tertahan menunggu lebih dari {days} hari: {count}, {amount}. `lunas suspense ageing` menunjukkan berapa lama, "
        "`lunas suspense list` yang mana.",
    ),
    "status.unconfirmed_line": (
        "Unconfirmed {count} payments and subscriptions announced, their money never told",
        "Tak pasti   {count} pembayaran dan langganan diumumkan tanpa kabar uangnya",
    ),
    "status.unconfirmed": (
        "{count} payments or subscriptions were announced as done and their money was never told: `lunas dlq list --cause payment_unconfirmed`.",
        "{count} pembayaran atau langganan diumumkan selesai tanpa kabar uangnya: `lunas dlq list --cause payment_unconfirmed`.",
    ),
    "status.corrections_line": (
        "Corrections {count} wait for another person's approval ({amount}), the oldest {age}: lunas corrections --status proposed",
        "Koreksi     {count} menunggu persetujuan orang lain ({amount}), yang tertua {age}: lunas corrections --status proposed",
    ),
    "status.quarantine_line": (
        "Quarantine  {count} rejected requests",
        "Karantina   {count} permintaan ditolak",
    ),
    "status.no_consumer": (
        "nobody consumes {names} ({ready} waiting): start `lunas run processor`.",
        "tidak ada yang membaca {names} ({ready} menunggu): jalankan `lunas run processor`.",
    ),
    "status.lag": (
        "no move for {seconds} s, up to {behind} events behind the log: {names}. Look at the log of {process}.",
        "tidak bergerak {seconds} detik, tertinggal hingga {behind} peristiwa dari log: {names}. Lihat log {process}.",
    ),
    "status.no_projections": (
        "the read models were never built: start `lunas run projections` once",
        "model baca belum pernah dibangun: jalankan `lunas run projections` sekali",
    ),
    "status.fine": ("All is well.", "Semua baik."),
    "status.queues_missing": (
        "these queues do not exist yet, any starting process creates them: {names}",
        "antrean berikut belum ada, proses mana pun yang mulai akan membuatnya: {names}",
    ),
    "queue.absent": ("missing", "tidak ada"),
    "queue.missing": (
        "the queue {name} does not exist: any starting process creates it",
        "antrean {name} tidak ada: proses mana pun yang mulai akan membuatnya",
    ),
    "list.nothing": ("Nothing fits.", "Tidak ada yang cocok."),
    "list.more_old": (
        "Only the oldest {limit} are shown; see more with --limit, or narrow it down.",
        "Hanya {limit} terlama yang ditampilkan; gunakan --limit atau persempit.",
    ),
    "list.more": (
        "Only the newest {limit} are shown; see more with --limit, or narrow it down.",
        "Hanya {limit} terbaru yang ditampilkan; gunakan --limit atau persempit.",
    ),
    "webhook.unknown": ("There is no delivery {id}.", "Tidak ada kiriman {id}."),
    "webhook.verified": ("{scheme}, secret {secret_id}", "{scheme}, rahasia {secret_id}"),
    "webhook.signed_before": ("{moment}, {age} before it came", "{moment}, {age} sebelum tiba"),
    "webhook.signed_after": (
        "{moment}, {age} after it came: one of the two clocks is wrong",
        "{moment}, {age} setelah tiba: salah satu dari dua jam keliru",
    ),
    "webhook.body": ("{bytes} bytes, sha256 {sha256}", "{bytes} bita, sha256 {sha256}"),
    "dlq.none": ("Nothing is parked.", "Tidak ada yang diparkir."),
    "dlq.unknown": ("There is no dead letter {id}.", "Tidak ada surat mati {id}."),
    "dlq.attempt": ("  attempt {number}  {at}  {error}", "  percobaan {number}  {at}  {error}"),
    "dlq.next": ("Next: {step}", "Berikutnya: {step}"),
    "dlq.see_raw": ("Exact bytes: lunas webhooks raw {id}", "Isi persis: lunas webhooks raw {id}"),
    "quarantine.none": ("No rejected request fits.", "Tidak ada permintaan ditolak yang cocok."),
    "quarantine.unknown": (
        "There is no rejected request {id}; the oldest give way to newer ones.",
        "Tidak ada permintaan ditolak {id}; yang terlama tergeser oleh yang baru.",
    ),
    "quarantine.cut": (
        "Only {read} of {stated} bytes of the body were read before it was refused: it cannot be verified again.",
        "Hanya {read} dari {stated} byte isi yang dibaca sebelum ditolak: tidak dapat diverifikasi ulang.",
    ),
    "quarantine.is_delivery": (
        "It was authentic and is a delivery too: lunas webhooks show {id}",
        "Permintaan ini asli dan juga tercatat sebagai kiriman: lunas webhooks show {id}",
    ),
    "quarantine.not_at_a_terminal": (
        "This body holds characters that could control your terminal: lunas quarantine raw {id} > body.bin",
        "Isi ini memuat karakter yang dapat mengendalikan terminal: lunas quarantine raw {id} > body.bin",
    ),
    "suspense.none": ("No money is held.", "Tidak ada uang yang tertahan."),
    "suspense.total": ("{count} held, together {amount}.", "{count} tertahan, seluruhnya {amount}."),
    "suspense.unknown": ("There is no held money {id}.", "Tidak ada uang tertahan {id}."),
    "suspense.entry": (
        "{provider}  {payment}  {amount}  {reason}",
        "{provider}  {payment}  {amount}  {reason}",
    ),
    "suspense.spoken": ("What people did:", "Yang dilakukan orang:"),
    "suspense.nobody_spoke": ("Nobody has done anything about it.", "Belum ada yang berbuat apa pun."),
    "suspense.next": ("Next:", "Berikutnya:"),
    "suspense.no_candidates": (
        "Nothing here speaks for anybody: ask the payer for the day, the bank and a screenshot.",
        "Tidak ada tanda yang menunjuk siapa pun: tanyakan hari, bank, dan tangkapan layar kepada pembayar.",
    ),
    "suspense.candidate": (
        "{rank}. {customer}   {score} points, {strength}",
        "{rank}. {customer}   {score} poin, {strength}",
    ),
    "suspense.points": ("{points:>4}  {explained}", "{points:>4}  {explained}"),
    "strength.strong": ("strong", "kuat"),
    "strength.likely": ("likely", "mungkin"),
    "strength.weak": ("weak", "lemah"),
    "suspense.oldest": ("The oldest has waited {age}.", "Yang tertua sudah menunggu {age}."),
    "suspense.unknown_amounts": (
        "Of {count} nobody told the amount.",
        "Untuk {count} di antaranya jumlahnya tidak pernah disebut.",
    ),
    "payment.unknown": (
        "No payment of {provider} is known as {id}. Anything that mentions it: lunas find {id}",
        "Tidak ada pembayaran {provider} dengan {id}. Apa pun yang menyebutnya: lunas find {id}",
    ),
    "payment.timeline": ("Timeline", "Linimasa"),
    "payment.traces": ("Traces", "Jejak proses"),
    "payment.refunded": (" ({amount} refunded)", " ({amount} dikembalikan)"),
    "payment.act": ("operator", "operator"),
    "payment.delivery": ("delivery", "kiriman"),
    "payment.fact": ("fact", "fakta"),
    "payment.decision": ("decision", "keputusan"),
    "payment.letter": ("dead letter", "surat mati"),
    "payment.notification": ("told", "kabar"),
    "payment.attempts": ("trips through the retry tiers: {count}", "lewat antrean ulang: {count}"),
    "payment.handed_out": (
        "handed out by the broker before: {count}",
        "sebelumnya diserahkan broker: {count}",
    ),
    "payment.tried": ("tries: {count}", "percobaan: {count}"),
    "payment.asked_provider": ("found by asking the provider", "ditemukan dengan bertanya ke penyedia"),
    "payment.because_of": ("because of #{position}", "karena #{position}"),
    "payment.written_in": ("{name} was written with {zone}", "{name} ditulis dengan {zone}"),
    "payment.written_without": (
        "{name} was written without a zone and is read in {zone}",
        "{name} ditulis tanpa zona dan dibaca dalam {zone}",
    ),
    "payment.by_catalog": ("catalogue {version}", "katalog {version}"),
    "payment.shown_in": ("shown in {names}", "tampil di {names}"),
    "payment.not_shown_in": ("NOT YET SHOWN IN {names}", "BELUM TAMPIL DI {names}"),
    "find.nothing": (
        "Nothing is known as {what}. Deliveries are found by id; payments by any id of the provider's or ours.",
        "Tidak ada yang dikenal sebagai {what}. Kiriman dicari dengan id; pembayaran dengan id apa pun.",
    ),
    "page.too_many_keys": (
        "Too many wrong keys came from this address. Wait a moment.",
        "Terlalu banyak kunci salah dari alamat ini. Tunggu sebentar.",
    ),
    "page.sign_in": (
        "Sign in at /sign-in, or send the operator key as `Authorization: Bearer KEY`.",
        "Masuk di /sign-in, atau kirim kunci operator sebagai `Authorization: Bearer KUNCI`.",
    ),
    "page.ago": ("{time} ago", "{time} lalu"),
    "page.providers": ("Providers", "Penyedia"),
}
