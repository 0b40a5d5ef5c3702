-- begin: A transaction that holds the log's lock (LOG_LOCK) from its first statement on; plans by index only, as in `lock`.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    pg_advisory_xact_lock(7821440271);

-- lock: Take the log's lock until the transaction ends. Until then, plan by index only: a plan made while tables were small would be kept while they grow.
SELECT current_setting('transaction_isolation') AS isolation,
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    pg_advisory_xact_lock($1);

-- advance: Move the heads of the streams, making those that are new. No rows when somebody else holds the log's lock.
INSERT INTO streams AS head (stream, category, version)
SELECT added.stream, added.category, added.events
FROM (SELECT pg_try_advisory_xact_lock($4) AS is_us OFFSET 0) AS holder,
    unnest($1::text[], $2::text[], $3::int[]) AS added (stream, category, events)
WHERE holder.is_us
ON CONFLICT (stream) DO UPDATE SET version = head.version + excluded.version
RETURNING stream, stream_id, version;

-- advance_expected: The same, unless a stream's version is outside of what the caller expects: then only those streams, with no key.
WITH wrong AS MATERIALIZED (
    SELECT wanted.stream, coalesce(found.version, 0) AS version
    FROM unnest($5::text[], $6::int[], $7::int[]) AS wanted (stream, lowest, highest)
    LEFT JOIN streams AS found ON found.stream = wanted.stream
    WHERE coalesce(found.version, 0) NOT BETWEEN wanted.lowest AND wanted.highest
), moved AS (
    INSERT INTO streams AS head (stream, category, version)
    SELECT added.stream, added.category, added.events
    FROM (SELECT pg_try_advisory_xact_lock($4) AS is_us OFFSET 0) AS holder,
        unnest($1::text[], $2::text[], $3::int[]) AS added (stream, category, events)
    WHERE holder.is_us AND NOT EXISTS (SELECT FROM wrong)
    ON CONFLICT (stream) DO UPDATE SET version = head.version + excluded.version
    RETURNING stream, stream_id, version
)
SELECT stream, stream_id, version FROM moved
UNION ALL
SELECT stream, NULL, version FROM wrong;

-- insert: Add the events in the given order, tell listeners once, return the range of positions and the head before them.
WITH added AS (
    INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::json[], $8::json[])
    RETURNING position
)
SELECT min(position) AS first, max(position) AS last, (SELECT coalesce(max(position), 0) FROM events) AS before,
    pg_notify('lunas_events', ''), CASE WHEN $9::boolean THEN pg_notify('lunas_facts', '') END
FROM added;
