-- lock: Take the log's lock until the transaction ends; says which isolation the transaction has.
SELECT current_setting('transaction_isolation') AS isolation, pg_advisory_xact_lock($1);

-- versions: Current versions of the streams whose version the caller expects something of.
SELECT stream, version FROM streams WHERE stream = ANY($1::text[]);

-- advance: Move the heads of the streams and make those that are new. Returns nothing when somebody else holds the log's lock.
WITH holder AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($4) AS is_us)
INSERT INTO streams AS head (stream, category, version)
SELECT added.stream, added.category, added.events
FROM holder, unnest($1::text[], $2::text[], $3::int[]) AS added (stream, category, events)
WHERE holder.is_us
ON CONFLICT (stream) DO UPDATE SET version = head.version + excluded.version
RETURNING stream, stream_id, version;

-- insert: Add the events in the given order, tell listeners once, return the range of positions.
WITH added AS (
    INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::json[], $8::json[])
    RETURNING position
)
SELECT min(position) AS first, max(position) AS last, count(*) AS events, pg_notify('lunas_events', '') FROM added;
