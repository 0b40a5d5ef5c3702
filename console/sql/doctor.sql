-- version: of the server
SELECT current_setting('server_version_num')::integer, current_setting('server_version');

-- setting: one server setting as this connection has it
SELECT current_setting($1);

-- stored: settings that are kept for this database or for a login, and that weaken what a confirmed commit promises
SELECT coalesce('login ' || rolname, 'database ' || datname) AS place, setting
FROM pg_db_role_setting
LEFT JOIN pg_roles ON pg_roles.oid = setrole
LEFT JOIN pg_database ON pg_database.oid = setdatabase
CROSS JOIN unnest(setconfig) AS setting
WHERE (setting IN ('synchronous_commit=off', 'default_transaction_read_only=on') AND coalesce(rolname, '') NOT LIKE '%reader%')
  AND (setdatabase = 0 OR datname = current_database());

-- writable: whether this server takes writes, and how it keeps text
SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS read_only,
       current_setting('server_encoding') AS encoding, current_setting('search_path') AS search_path;

-- sessions: connections of this server against its limit
SELECT count(*) AS used, current_setting('max_connections')::integer AS allowed FROM pg_stat_activity WHERE coalesce(backend_type, 'client backend') = 'client backend';

-- waiting: sessions that have waited for a lock for longer than so many seconds, and who holds them up
SELECT waiting.pid, waiting.application_name AS name, holder.pid AS holder, holder.application_name AS holder_name,
       holder.state AS holder_state
FROM pg_locks lock
JOIN pg_stat_activity waiting ON waiting.pid = lock.pid
CROSS JOIN LATERAL unnest(pg_blocking_pids(lock.pid)) AS blocking (pid)
JOIN pg_stat_activity holder ON holder.pid = blocking.pid
WHERE NOT lock.granted AND lock.waitstart < clock_timestamp() - make_interval(secs => $1) AND waiting.datname = current_database();

-- open_transactions: transactions of our database that were begun longer than so many seconds ago and do nothing
SELECT pid, application_name AS name, extract(epoch FROM clock_timestamp() - xact_start)::bigint AS seconds
FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND xact_start < clock_timestamp() - make_interval(secs => $1);

-- hidden: sessions of our database whose state this role may not see
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type IS NULL AND pid <> pg_backend_pid();

-- put_off: back to the rights of the login
SELECT set_config('role', 'none', false);

-- leader: the session that leads a job, by the two halves of its lock's key
SELECT pg_locks.pid, application_name AS name, client_addr::text AS address
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = ($1::bigint >> 32)::oid AND objid = ($1::bigint & 4294967295)::oid;

-- too_strong: roles of ours that could change what was recorded; two may empty bodies, which the trigger lets happen once
SELECT role || ' ' || privilege || ' ' || table_name AS what
FROM pg_roles
CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
CROSS JOIN unnest(ARRAY['events', 'deliveries', 'operator_acts']) AS table_name
CROSS JOIN LATERAL (SELECT rolname AS role) AS named
WHERE rolname IN ('lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_notifier', 'lunas_operator', 'lunas_reader')
  AND (has_table_privilege(rolname, table_name, privilege)
       OR (privilege = 'UPDATE' AND EXISTS (
               SELECT FROM pg_attribute
               WHERE attrelid = to_regclass(table_name) AND attnum > 0 AND NOT attisdropped AND has_column_privilege(rolname, attrelid, attnum, privilege)
                 AND NOT (table_name = 'deliveries' AND attname IN ('body', 'redacted_at') AND rolname IN ('lunas_processor', 'lunas_operator')))))
UNION ALL
SELECT rolname || ' SELECT deliveries.body' FROM pg_roles
WHERE rolname IN ('lunas_api', 'lunas_notifier', 'lunas_reader') AND has_column_privilege(rolname, 'deliveries', 'body', 'SELECT')
UNION ALL
SELECT rolname || ' INSERT events' FROM pg_roles
WHERE rolname IN ('lunas_projector', 'lunas_notifier', 'lunas_reader') AND has_table_privilege(rolname, 'events', 'INSERT')
UNION ALL
SELECT rolname || ' SUPERUSER' FROM pg_roles
WHERE rolname IN ('lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_notifier', 'lunas_operator', 'lunas_reader') AND rolsuper;

-- too_weak: rights without which a process stops at its first webhook
SELECT role || ' ' || privilege || ' ' || table_name AS what
FROM (VALUES ('lunas_processor', 'SELECT', 'events'), ('lunas_processor', 'INSERT', 'events'), ('lunas_processor', 'INSERT', 'streams'),
             ('lunas_processor', 'INSERT', 'inbox'), ('lunas_processor', 'INSERT', 'deliveries'),
             ('lunas_processor', 'INSERT', 'dead_letters'), ('lunas_processor', 'INSERT', 'quarantine'),
             ('lunas_processor', 'UPDATE', 'checkpoints'), ('lunas_processor', 'UPDATE', 'fulfilment_cases'),
             ('lunas_projector', 'SELECT', 'events'), ('lunas_projector', 'UPDATE', 'checkpoints'),
             ('lunas_api', 'SELECT', 'events'), ('lunas_api', 'INSERT', 'events'), ('lunas_api', 'INSERT', 'idempotency_keys'),
             ('lunas_notifier', 'SELECT', 'events'), ('lunas_notifier', 'UPDATE', 'checkpoints'), ('lunas_notifier', 'UPDATE', 'notifications'),
             ('lunas_operator', 'SELECT', 'deliveries'), ('lunas_operator', 'INSERT', 'operator_acts'),
             ('lunas_operator', 'INSERT', 'events')) AS needed (role, privilege, table_name)
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = role) AND NOT has_table_privilege(role, table_name, privilege);

-- disabled_triggers: guards that are missing or switched off
SELECT wanted.name
FROM (VALUES ('events_are_immutable', 'events'), ('events_are_not_truncated', 'events'), ('events_in_commit_order', 'events'),
             ('deliveries_are_immutable', 'deliveries'), ('deliveries_are_not_truncated', 'deliveries'),
             ('operator_acts_are_immutable', 'operator_acts'), ('operator_acts_are_not_truncated', 'operator_acts')) AS wanted (name, place)
LEFT JOIN pg_trigger ON tgname = wanted.name AND tgrelid = to_regclass(wanted.place) AND tgenabled IN ('O', 'A')
WHERE pg_trigger.oid IS NULL;

-- open_policies: what lets a door append events that are not its own to say
SELECT 'row level security' AS what FROM pg_class WHERE oid = 'events'::regclass AND NOT relrowsecurity
UNION ALL
SELECT polname::text FROM pg_policy
WHERE polrelid = 'events'::regclass AND polcmd IN ('a', '*') AND pg_get_expr(polwithcheck, polrelid) IN ('true', '(true)')
  AND EXISTS (SELECT FROM unnest(polroles) AS role WHERE role = 0 OR pg_get_userbyid(role) IN ('lunas_api', 'lunas_operator'));

-- login: who connects, and which roles of ours it may take on; those that do not exist yet are not named
SELECT session_user::text AS name, (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS superuser,
       array(SELECT rolname::text FROM pg_roles
             WHERE rolname IN ('lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_notifier', 'lunas_operator', 'lunas_reader')
               AND pg_has_role(session_user, rolname, 'MEMBER')) AS roles,
       (SELECT count(*) FROM pg_roles
        WHERE rolname IN ('lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_notifier', 'lunas_operator', 'lunas_reader')) AS existing;

-- take_on: one of our roles, for this session
SELECT set_config('role', $1, false);

-- unknown_migrations: applied by a newer program than this
SELECT name FROM schema_migrations WHERE name <> ALL ($1::text[]) ORDER BY name;

-- clock: of the database
SELECT clock_timestamp();

-- ledger: units whose postings do not sum to zero
SELECT unit, debits + credits AS sum FROM ledger_totals WHERE debits + credits <> 0;

-- unbacked: money that decisions moved and no fact told of, per provider
SELECT provider, unbacked AS amount, cases FROM backing WHERE name LIKE 'total %' ORDER BY provider;

-- not_live: projections without a live version
SELECT name FROM projection_versions GROUP BY name HAVING NOT bool_or(status = 'live');

-- outcomes: deliveries of one provider in the last day by outcome
SELECT k.status, sum(d.count)::bigint AS count
FROM delivery_kinds k CROSS JOIN LATERAL (
    SELECT count(*) FROM deliveries
    WHERE provider COLLATE "C" = k.provider AND status COLLATE "C" = k.status AND coalesce(event_name, '') COLLATE "C" = k.event_name
      AND delivery_id >= first_id(statement_timestamp() - interval '1 day')
      AND received_at > statement_timestamp() - interval '1 day'
) AS d
WHERE k.provider = $1 AND d.count > 0
GROUP BY k.status
ORDER BY k.status;

-- newest: newest delivery of one provider
SELECT max(d.received_at)
FROM delivery_kinds k CROSS JOIN LATERAL (
    SELECT received_at FROM deliveries
    WHERE (provider COLLATE "C", status COLLATE "C", coalesce(event_name, '') COLLATE "C", delivery_id)
          BETWEEN (k.provider, k.status, k.event_name, '00000000-0000-0000-0000-000000000000'::uuid)
              AND (k.provider, k.status, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
      AND replay_of IS NULL
    ORDER BY provider COLLATE "C" DESC, status COLLATE "C" DESC, coalesce(event_name, '') COLLATE "C" DESC, delivery_id DESC LIMIT 1
) AS d
WHERE k.provider = $1;

-- rejected: rejected requests of one provider in the last day by cause
SELECT cause, count(*) AS count, max(received_at) AS newest
FROM quarantine
WHERE provider = $1 AND received_at > clock_timestamp() - interval '1 day'
GROUP BY cause
ORDER BY count(*) DESC;

-- future: how far the newest receipts lie ahead of the database's clock, if by more than so many seconds
SELECT max(received_at) - clock_timestamp() AS ahead
FROM (SELECT received_at FROM deliveries ORDER BY delivery_id DESC LIMIT 200) AS newest
WHERE received_at > clock_timestamp() + make_interval(secs => $1);

-- accepted: newest delivery of one provider in the last day that each secret has let in; what we asked the provider for has none
SELECT k.secret_id, d.received_at AS newest
FROM delivery_secrets k CROSS JOIN LATERAL (
    SELECT received_at FROM deliveries
    WHERE (provider COLLATE "C", secret_id COLLATE "C", delivery_id)
          BETWEEN (k.provider, k.secret_id, first_id(statement_timestamp() - interval '1 day'))
              AND (k.provider, k.secret_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
      AND replay_of IS NULL AND received_at > statement_timestamp() - interval '1 day'
    ORDER BY provider COLLATE "C" DESC, secret_id COLLATE "C" DESC, delivery_id DESC LIMIT 1
) AS d
WHERE k.provider = $1 AND k.secret_id <> '';

-- parked_events: events that a read model could not fold, and those that wait behind them
SELECT name, count(*) AS count FROM projection_parked
JOIN projection_versions USING (name, version)
WHERE status <> 'retired'
GROUP BY name ORDER BY name;

-- unfinished: generations whose building was begun long ago and never ended
SELECT name, version FROM projection_versions
WHERE status = 'building' AND created_at < clock_timestamp() - interval '1 hour';

-- kept: rejected requests in the table, and what its caps are made for
SELECT count(*) AS count, coalesce(sum(octet_length(body)), 0)::bigint AS bytes FROM quarantine;

-- untold_orders: orders that a provider has made since a moment, and has had time to tell of
SELECT count(*) FROM payment_requests
WHERE provider = $1 AND kind = 'order' AND status = 'open' AND settled_at > coalesce($2::timestamptz, '-infinity')
    AND settled_at > clock_timestamp() - interval '1 day' AND settled_at < clock_timestamp() - interval '5 minutes';

-- awaited: money of a provider ($1) that is held for one reason ($2)
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount FROM suspense WHERE provider = $1 AND reason = $2 AND status = 'held';

-- denied: payments that a provider does not know, calls unpaid, or states in another amount than its webhooks
SELECT count(*) AS count, coalesce(sum(our_amount), 0)::bigint AS amount
FROM confirmations WHERE provider = $1 AND answer IN ('unknown', 'unpaid', 'another_amount');
