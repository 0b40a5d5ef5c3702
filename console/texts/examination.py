"""What `lunas doctor` finds beyond the first look: rights, rules of the broker, names and numbers, secrets against deliveries."""

from __future__ import annotations

EXAMINATION: dict[str, tuple[str, str]] = {
    "doctor.settings.fix": (
        "correct it where this process gets its environment; no process of lunas starts with it",
        "perbaiki di lingkungan proses ini; tidak ada proses lunas yang dapat mulai dengannya",
    ),
    "doctor.elsewhere.fix": (
        "run lunas doctor with the environment of {process}",
        "jalankan lunas doctor dengan lingkungan {process}",
    ),
    "doctor.key_elsewhere": ("{variable} belongs to another process", "{variable} milik proses lain"),
    "doctor.development_open": (
        "LUNAS_ENV is development and a door is open to others ({where}): anybody can sign with the known secrets",
        "LUNAS_ENV adalah development dan pintu terbuka bagi orang lain ({where}): siapa pun dapat menandatangani dengan rahasia yang umum",
    ),
    "doctor.twins": ("the same value stands in {names}", "nilai yang sama ada di {names}"),
    "doctor.twins.fix": (
        "give each its own value: who knows one would know them all",
        "beri masing-masing nilai sendiri: yang tahu satu akan tahu semuanya",
    ),
    "doctor.misspelt": (
        "{given} is not a setting and is ignored; {meant} is",
        "{given} bukan pengaturan dan diabaikan; yang ada {meant}",
    ),
    "doctor.misspelt.fix": ("rename {given} to {meant}", "ganti nama {given} menjadi {meant}"),
    "doctor.no_effect": ("nothing reads these settings yet: {names}", "belum ada yang membaca pengaturan ini: {names}"),
    "doctor.no_effect.fix": ("unset them", "hapus pengaturan itu"),
    "doctor.peers": (
        "LUNAS_PEERS names {names}; processes are {known}",
        "LUNAS_PEERS menyebut {names}; proses yang ada: {known}",
    ),
    "doctor.peers.fix": ("correct LUNAS_PEERS", "perbaiki LUNAS_PEERS"),
    "doctor.ports": ("port {port} stands in {names}", "port {port} ada di {names}"),
    "doctor.ports.fix": ("give each door a port of its own", "beri setiap pintu port sendiri"),
    "doctor.retries": (
        "LUNAS_PROCESSOR_RETRY_ATTEMPTS is {attempts}, and there are {tiers} retry tiers: more trips are not made",
        "LUNAS_PROCESSOR_RETRY_ATTEMPTS bernilai {attempts}, padahal ada {tiers} tingkat coba ulang: selebihnya tidak dilakukan",
    ),
    "doctor.retries.fix": (
        "lower it, or add tiers to LUNAS_BROKER_RETRY_DELAYS_SECONDS",
        "kurangi, atau tambah tingkat di LUNAS_BROKER_RETRY_DELAYS_SECONDS",
    ),
    "doctor.shutdown": (
        "the processor's drain ({drain:g} s) is longer than the whole shutdown ({all:g} s): it would be cut off",
        "pengurasan processor ({drain:g} detik) lebih lama daripada seluruh penutupan ({all:g} detik): akan terpotong",
    ),
    "doctor.shutdown.fix": (
        "lower LUNAS_PROCESSOR_DRAIN_BUDGET_SECONDS or raise LUNAS_SHUTDOWN_BUDGET_SECONDS",
        "kurangi LUNAS_PROCESSOR_DRAIN_BUDGET_SECONDS atau naikkan LUNAS_SHUTDOWN_BUDGET_SECONDS",
    ),
    "doctor.disk": ("{free} MiB free in {home}", "{free} MiB kosong di {home}"),
    "doctor.disk.fix": ("make room: a full disk stops database and broker", "kosongkan ruang: disk penuh menghentikan basis data dan broker"),
    "doctor.disk_unseen": (
        "the disks of PostgreSQL and RabbitMQ are elsewhere",
        "disk PostgreSQL dan RabbitMQ ada di tempat lain",
    ),
    "doctor.disk_unseen.fix": ("watch them on their machines", "pantau di mesinnya"),
    "doctor.unseen": ("this login may not look: {detail}", "login ini tidak boleh melihat: {detail}"),
    "doctor.overview_unseen": ("read models and what waits", "model baca dan yang menunggu"),
    "doctor.unseen.fix": (
        "run lunas doctor with the operator's login in LUNAS_DATABASE_URL",
        "jalankan lunas doctor dengan login operator di LUNAS_DATABASE_URL",
    ),
    "doctor.roles": ("all roles can be taken on", "semua peran dapat dipakai"),
    "doctor.roles_own": ("{login} works as {roles}, as it should", "{login} bekerja sebagai {roles}, sebagaimana mestinya"),
    "doctor.roles_none": ("{login} can take on no role of lunas", "{login} tidak dapat memakai peran lunas mana pun"),
    "doctor.roles.fix": ("as an administrator: GRANT {role} TO {login}", "sebagai administrator: GRANT {role} TO {login}"),
    "doctor.roles_unmade": ("roles of lunas do not exist yet", "peran lunas belum ada"),
    "doctor.superuser": (
        "{login} is a superuser: rights and policies of the log do not hold for it",
        "{login} adalah superuser: hak dan kebijakan log tidak berlaku baginya",
    ),
    "doctor.superuser.fix": (
        "give each process a login of its own: deploy/postgres/roles.sql",
        "beri setiap proses login sendiri: deploy/postgres/roles.sql",
    ),
    "doctor.event_types": ("each role appends only its own event types", "setiap peran hanya menambah jenis peristiwanya sendiri"),
    "doctor.event_types_open": (
        "a door could append events that are not its own to say: {what}",
        "sebuah pintu dapat menambah peristiwa yang bukan haknya: {what}",
    ),
    "doctor.event_types.fix": (
        "switch row level security of the log on again (ALTER TABLE … ENABLE ROW LEVEL SECURITY), and drop policies that nobody knows; find out who changed them",
        "aktifkan lagi row level security pada log (ALTER TABLE … ENABLE ROW LEVEL SECURITY), dan hapus kebijakan yang tidak dikenal; cari tahu siapa yang mengubah",
    ),
    "doctor.rights": ("every role has what its process needs", "setiap peran punya yang dibutuhkan prosesnya"),
    "doctor.rights_missing": ("rights are missing: {what}", "hak berikut tidak ada: {what}"),
    "doctor.rights.fix": (
        "as the owner of the tables: GRANT {privilege} ON lunas.{table} TO {role}",
        "sebagai pemilik tabel: GRANT {privilege} ON lunas.{table} TO {role}",
    ),
    "doctor.schema_ahead": (
        "the database was brought up to date by a newer lunas: {names}",
        "basis data sudah dimutakhirkan oleh lunas yang lebih baru: {names}",
    ),
    "doctor.schema_ahead.fix": ("run that version here too", "jalankan versi itu di sini juga"),
    "doctor.writable": ("the database takes writes", "basis data menerima tulisan"),
    "doctor.standby": ("this is a standby: it takes no writes", "ini server cadangan: tidak menerima tulisan"),
    "doctor.standby.fix": (
        "name the primary in LUNAS_DATABASE_URL, or several hosts with target_session_attrs=read-write",
        "sebutkan server utama di LUNAS_DATABASE_URL, atau beberapa host dengan target_session_attrs=read-write",
    ),
    "doctor.read_only": ("the database takes no writes: {where}", "basis data tidak menerima tulisan: {where}"),
    "doctor.read_only.fix": (
        "ALTER DATABASE … RESET default_transaction_read_only, unless somebody wanted it so",
        "ALTER DATABASE … RESET default_transaction_read_only, kecuali memang disengaja",
    ),
    "doctor.encoding": ("the database keeps text as {encoding}", "basis data menyimpan teks sebagai {encoding}"),
    "doctor.encoding.fix": (
        "move to a database with the encoding UTF8: names of customers would be damaged",
        "pindah ke basis data berenkode UTF8: nama pelanggan dapat rusak",
    ),
    "doctor.clock_ahead": (
        "a webhook was received {seconds} s after the database's now: the clock of ingress is ahead",
        "sebuah webhook diterima {seconds} detik setelah waktu basis data: jam ingress terlalu cepat",
    ),
    "doctor.clock_ahead.fix": ("synchronise the clock of ingress (NTP)", "selaraskan jam ingress (NTP)"),
    "doctor.sessions": ("{used} of {allowed} connections are used", "{used} dari {allowed} koneksi dipakai"),
    "doctor.sessions.fix": (
        "lower LUNAS_DATABASE_POOL_MAX or raise max_connections; the next process would be refused",
        "kurangi LUNAS_DATABASE_POOL_MAX atau naikkan max_connections; proses berikutnya akan ditolak",
    ),
    "doctor.sessions_hidden": ("what other logins' sessions do", "apa yang dilakukan sesi login lain"),
    "doctor.sessions_hidden.fix": (
        "as an administrator: GRANT pg_read_all_stats to this login, if you want doctor to see forgotten transactions",
        "sebagai administrator: GRANT pg_read_all_stats ke login ini, bila doctor perlu melihat transaksi yang terlupakan",
    ),
    "doctor.forgotten": (
        "session {pid} ({name}) has an open transaction and has done nothing for {seconds} s",
        "sesi {pid} ({name}) membiarkan transaksi terbuka tanpa berbuat apa pun selama {seconds} detik",
    ),
    "doctor.held_up": (
        "session {pid} ({name}) waits for a lock that session {holder} ({holder_name}) holds",
        "sesi {pid} ({name}) menunggu kunci yang dipegang sesi {holder} ({holder_name})",
    ),
    "doctor.session.fix": (
        "end what it belongs to, else: SELECT pg_terminate_backend({pid})",
        "hentikan pemiliknya, atau: SELECT pg_terminate_backend({pid})",
    ),
    "doctor.locks": ("nothing waits for a lock", "tidak ada yang menunggu kunci"),
    "doctor.leader": ("led: {names}", "dipimpin: {names}"),
    "doctor.leader_idle": (
        "{process} stands still while session {pid} ({name}, {address}) leads it",
        "{process} tidak bergerak padahal dipimpin sesi {pid} ({name}, {address})",
    ),
    "doctor.leader_none": ("{process} is ready and nobody leads it", "{process} siap tetapi tidak ada yang memimpinnya"),
    "doctor.leader_none.fix": ("look again in a few seconds; then read its log", "lihat lagi beberapa detik lagi; lalu baca log-nya"),
    "doctor.catalogue_old": (
        "decisions are made by catalogue {theirs}, the file is {ours}",
        "keputusan memakai katalog {theirs}, berkasnya {ours}",
    ),
    "doctor.catalogue_old.fix": (
        "start the processor again to publish the file, or point LUNAS_CATALOG at the right one",
        "jalankan ulang processor untuk menerbitkan berkas itu, atau arahkan LUNAS_CATALOG ke yang benar",
    ),
    "doctor.parked_events": ("{name}: {count} events could not be folded", "{name}: {count} peristiwa tidak dapat dilipat"),
    "doctor.parked_events.fix": (
        "lunas projections status; with a corrected version: lunas projections rebuild {name}",
        "lunas projections status; dengan versi yang diperbaiki: lunas projections rebuild {name}",
    ),
    "doctor.unfinished": (
        "{name} version {version} was built or begun long ago and is not shown",
        "{name} versi {version} sudah lama dibangun atau dimulai dan belum ditampilkan",
    ),
    "doctor.unfinished.fix": (
        "lunas projections verify {name}, then lunas projections switch {name}",
        "lunas projections verify {name}, lalu lunas projections switch {name}",
    ),
    "doctor.quarantine_full": (
        "the quarantine is nearly full: {count} requests, {bytes} bytes; the oldest give way",
        "karantina hampir penuh: {count} permintaan, {bytes} bita; yang terlama tergeser",
    ),
    "doctor.quarantine_full.fix": (
        "lunas quarantine list: bring back what is genuine now; block who forges before ingress",
        "lunas quarantine list: kembalikan yang asli sekarang; blokir pemalsu di depan ingress",
    ),
    "doctor.rejected": ("{name}: {count} requests were rejected: {cause}", "{name}: {count} permintaan ditolak: {cause}"),
    "doctor.rejected.secret.fix": (
        "lunas quarantine list --provider {name}; if they were genuine, {variable} is not what the provider uses",
        "lunas quarantine list --provider {name}; bila asli, {variable} tidak sama dengan yang dipakai penyedia",
    ),
    "doctor.rejected.unset.fix": (
        "set {variable} to the value of the provider's dashboard, and start ingress again",
        "atur {variable} sesuai dasbor penyedia, lalu jalankan ulang ingress",
    ),
    "doctor.rejected.account.fix": (
        "they are genuine, and of another account: correct {account}, or the address at the provider",
        "permintaan itu asli, tetapi dari akun lain: perbaiki {account}, atau alamat di penyedia",
    ),
    "doctor.rejected.environment.fix": (
        "they are genuine, and of the other environment (test or live): correct the address at the provider",
        "permintaan itu asli, tetapi dari lingkungan lain (uji atau nyata): perbaiki alamat di penyedia",
    ),
    "doctor.rejected.stranger.fix": (
        "lunas quarantine list --provider {name}; a stranger, or a proxy before ingress that changes headers",
        "lunas quarantine list --provider {name}; orang asing, atau proksi di depan ingress yang mengubah header",
    ),
    "doctor.rejected.other.fix": (
        "lunas quarantine list --provider {name}; docs/runbooks/rejected-webhooks.md",
        "lunas quarantine list --provider {name}; docs/runbooks/rejected-webhooks.md",
    ),
    "doctor.rotated": (
        "{name} last got in with secret {secret}, which is no longer set, and is refused since",
        "{name} terakhir masuk dengan rahasia {secret}, yang sudah tidak diatur, dan sejak itu ditolak",
    ),
    "doctor.rotated.fix": (
        "set both for a while: {variable}=new,old (docs/runbooks/rotate-a-secret.md)",
        "atur keduanya untuk sementara: {variable}=baru,lama (docs/runbooks/rotate-a-secret.md)",
    ),
    "doctor.queues": ("every exchange and queue is there with the right arguments", "setiap exchange dan antrean ada dengan argumen yang benar"),
    "doctor.queues_there": ("every exchange and queue is there", "setiap exchange dan antrean ada"),
    "doctor.queues.fix": (
        "start a process to create what is missing (or import the definitions again); drain and delete a queue that differs "
        "(rabbitmqctl delete_queue NAME)",
        "jalankan proses untuk membuat yang kurang (atau impor ulang definisinya); kosongkan dan hapus antrean yang berbeda "
        "(rabbitmqctl delete_queue NAMA)",
    ),
    "doctor.arguments_unseen": (
        "this user of the broker may not look at arguments: {names}",
        "pengguna broker ini tidak boleh melihat argumen: {names}",
    ),
    "doctor.arguments_unseen.fix": (
        "set LUNAS_BROKER_MANAGEMENT_URL, or compare: rabbitmqctl list_queues name arguments",
        "atur LUNAS_BROKER_MANAGEMENT_URL, atau bandingkan: rabbitmqctl list_queues name arguments",
    ),
    "doctor.arguments_different": ("arguments differ: {what}", "argumen berbeda: {what}"),
    "doctor.read": ("every work queue has a consumer", "setiap antrean kerja ada yang membaca"),
    "doctor.unread": ("nobody consumes {names} ({ready} waiting)", "tidak ada yang membaca {names} ({ready} menunggu)"),
    "doctor.unread.fix": ("lunas run processor", "lunas run processor"),
    "doctor.backlog": ("a backlog waits: {names}", "ada antrean panjang: {names}"),
    "doctor.backlog.fix": ("docs/runbooks/processing-is-slow.md", "docs/runbooks/processing-is-slow.md"),
    "doctor.bindings": ("every binding is there", "setiap ikatan ada"),
    "doctor.bindings_missing": ("bindings are missing: {names}", "ikatan berikut tidak ada: {names}"),
    "doctor.bindings_missing.fix": (
        "start a process to bind them again, or import the definitions again",
        "jalankan proses agar diikat lagi, atau impor ulang definisinya",
    ),
    "doctor.members": (
        "queues with fewer copies running than the loss of a node needs: {names}",
        "antrean dengan salinan berjalan kurang dari yang perlu bila satu node hilang: {names}",
    ),
    "doctor.members.fix": (
        "bring the nodes that are away back; a queue that never had more: rabbitmq-queues grow NODE all",
        "nyalakan kembali node yang mati; antrean yang memang belum punya: rabbitmq-queues grow NODE all",
    ),
    "doctor.management_unset": (
        "bindings, policies, alarms and unfinished messages of the broker: AMQP does not show them",
        "ikatan, kebijakan, alarm, dan pesan yang belum selesai di broker: AMQP tidak menunjukkannya",
    ),
    "doctor.management_unset.fix": (
        "set LUNAS_BROKER_MANAGEMENT_URL, or ask rabbitmqctl list_bindings, list_policies and rabbitmq-diagnostics check_local_alarms",
        "atur LUNAS_BROKER_MANAGEMENT_URL, atau tanyakan rabbitmqctl list_bindings, list_policies dan rabbitmq-diagnostics check_local_alarms",
    ),
    "doctor.management_refused": (
        "the broker's management API refused us ({status})",
        "API manajemen broker menolak kita ({status})",
    ),
    "doctor.management_refused.fix": (
        "give the user of LUNAS_BROKER_MANAGEMENT_URL the tag monitoring and the virtual host",
        "beri pengguna LUNAS_BROKER_MANAGEMENT_URL tag monitoring dan virtual host itu",
    ),
    "doctor.management_away": (
        "the broker's management API does not answer ({detail})",
        "API manajemen broker tidak menjawab ({detail})",
    ),
    "doctor.management_away.fix": (
        "correct LUNAS_BROKER_MANAGEMENT_URL, or enable the plugin rabbitmq_management",
        "perbaiki LUNAS_BROKER_MANAGEMENT_URL, atau aktifkan plugin rabbitmq_management",
    ),
    "doctor.policies": ("policies of the broker change our queues: {names}", "kebijakan broker mengubah antrean kita: {names}"),
    "doctor.policies_unseen": (
        "the broker does not tell yet which policies hold for {names}",
        "broker belum memberi tahu kebijakan mana yang berlaku untuk {names}",
    ),
    "doctor.policies_unseen.fix": (
        "ask again in half a minute, or: rabbitmqctl list_queues name policy operator_policy effective_policy_definition",
        "tanyakan lagi setengah menit lagi, atau: rabbitmqctl list_queues name policy operator_policy effective_policy_definition",
    ),
    "doctor.policies_lose": (
        "policies of the broker can throw away webhooks that were accepted, and money with them: {names}",
        "kebijakan broker bisa membuang webhook yang sudah diterima, dan uang ikut hilang: {names}",
    ),
    "doctor.policies_lose.fix": (
        "now: rabbitmqctl clear_policy NAME, an operator's: rabbitmqctl clear_operator_policy NAME; what was thrown away comes back with "
        "lunas ingress republish --since 2d --missing and lunas reconcile run PROVIDER",
        "sekarang: rabbitmqctl clear_policy NAMA, milik operator: rabbitmqctl clear_operator_policy NAMA; yang sudah terbuang kembali dengan "
        "lunas ingress republish --since 2d --missing dan lunas reconcile run PENYEDIA",
    ),
    "doctor.policies.fix": (
        "rabbitmqctl clear_policy NAME, unless it is meant: everything lunas needs is an argument",
        "rabbitmqctl clear_policy NAMA, kecuali disengaja: semua yang dibutuhkan lunas adalah argumen",
    ),
    "doctor.unfinished_messages": (
        "messages were taken and none is finished: {names}",
        "pesan sudah diambil dan tidak ada yang selesai: {names}",
    ),
    "doctor.unfinished_messages.fix": (
        "the processor hangs or waits for the database: read its log, then start it again; nothing is lost",
        "processor macet atau menunggu basis data: baca log-nya, lalu jalankan lagi; tidak ada yang hilang",
    ),
    "doctor.alarms": ("{node} has an alarm and takes no publishes: {names}", "{node} beralarm dan tidak menerima pesan: {names}"),
    "doctor.alarms.fix": ("give the broker disk or memory; it goes on by itself", "beri broker disk atau memori; ia lanjut sendiri"),
    "doctor.node_down": ("the broker's node {node} is down", "node broker {node} mati"),
    "doctor.node_down.fix": ("start it: docs/runbooks/broker-away.md", "jalankan: docs/runbooks/broker-away.md"),
    "doctor.disk_near": ("{node} has {free} MiB left before it takes no publishes", "{node} tinggal {free} MiB sebelum menolak pesan"),
    "exchange.missing": (
        "the exchange {name} does not exist: any starting process creates it",
        "exchange {name} tidak ada: proses mana pun yang mulai akan membuatnya",
    ),
}  # fmt: skip
