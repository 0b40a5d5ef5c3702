-- version: of the server
SELECT current_setting('server_version_num')::integer, current_setting('server_version');

-- setting: one server setting as this connection has it
SELECT current_setting($1);

-- too_strong: roles of ours that could change the log
SELECT role, privilege
FROM unnest(ARRAY['lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_operator', 'lunas_reader']) AS role
CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
WHERE has_table_privilege(role, 'events', privilege);

-- disabled_triggers: guards of the log that are missing or switched off
SELECT wanted.name
FROM unnest(ARRAY['events_are_immutable', 'events_are_not_truncated', 'events_in_commit_order']) AS wanted (name)
LEFT JOIN pg_trigger ON tgname = wanted.name AND tgrelid = 'events'::regclass AND tgenabled IN ('O', 'A')
WHERE pg_trigger.oid IS NULL;

-- memberships: roles the connecting user cannot take on
SELECT role
FROM unnest(ARRAY['lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_operator', 'lunas_reader']) AS role
WHERE NOT pg_has_role(session_user, role, 'MEMBER');

-- clock: of the database
SELECT clock_timestamp();

-- ledger: units whose postings do not sum to zero
SELECT unit, sum(balance)::bigint AS sum FROM ledger GROUP BY unit HAVING sum(balance) <> 0;

-- not_live: projections without a live version
SELECT name FROM projection_versions GROUP BY name HAVING NOT bool_or(status = 'live');

-- outcomes: deliveries of one provider in the last day by outcome
SELECT status, count(*) AS count
FROM deliveries
WHERE provider = $1 AND received_at > clock_timestamp() - interval '1 day'
GROUP BY status
ORDER BY status;

-- newest: newest delivery of one provider
SELECT received_at FROM deliveries
WHERE provider = $1 AND replay_of IS NULL AND EXISTS (SELECT FROM deliveries WHERE provider = $1)
ORDER BY delivery_id DESC LIMIT 1;

-- rejected: rejected requests of one provider in the last day by cause
SELECT cause, count(*) AS count, max(received_at) AS newest
FROM quarantine
WHERE provider = $1 AND received_at > clock_timestamp() - interval '1 day'
GROUP BY cause
ORDER BY count(*) DESC;
