-- lock: Take the log's lock until the transaction ends. Until then, plan by index only: a plan made while tables were small would be kept while they grow.
SELECT current_setting('transaction_isolation') AS isolation,
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    pg_advisory_xact_lock($1);

-- versions: Current versions of the streams whose version the caller expects something of.
SELECT stream, version FROM streams WHERE stream = ANY($1::text[]);

-- advance: Move the heads of the streams, making those that are new. Returns one array per column, empty when somebody else holds the log's lock.
WITH holder AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock($4) AS is_us
), moved AS (
    INSERT INTO streams AS head (stream, category, version)
    SELECT added.stream, added.category, added.events
    FROM holder, unnest($1::text[], $2::text[], $3::int[]) AS added (stream, category, events)
    WHERE holder.is_us
    ON CONFLICT (stream) DO UPDATE SET version = head.version + excluded.version
    RETURNING stream, stream_id, version
)
SELECT coalesce(array_agg(stream), '{}') AS streams, coalesce(array_agg(stream_id), '{}') AS keys,
    coalesce(array_agg(version), '{}') AS versions FROM moved;

-- insert: Add the events in the given order, tell listeners once, return the range of positions.
WITH added AS (
    INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::json[], $8::json[])
    RETURNING position
)
SELECT min(position) AS first, max(position) AS last, pg_notify('lunas_events', '') FROM added;
