-- begin: A transaction that holds the log's lock (LOG_LOCK) from its first statement on; plans by index only, as in `lock`.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    pg_advisory_xact_lock(7821440271);

-- follow: Changes nothing, and has the commit be one: it is confirmed when everything before it is as safe as it must be.
SELECT pg_logical_emit_message(true, 'lunas', ''::text);

-- lock: Take the log's lock until the transaction ends. Until then, plan by index only: a plan made while tables were small would be kept while they grow.
SELECT current_setting('transaction_isolation') AS isolation,
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    pg_advisory_xact_lock($1);

-- wanted_heads: How many events each stream gets. No rows when somebody else holds the log's lock. A part of what moves heads.
SELECT added.stream, added.category, added.events
FROM (SELECT pg_try_advisory_xact_lock($4) AS is_us OFFSET 0) AS holder,
    unnest($1::text[], $2::text[], $3::int[]) AS added (stream, category, events)
WHERE holder.is_us;

-- wrong_heads: Streams whose version is outside of what the caller expects.
SELECT wanted.stream, coalesce(found.version, 0) AS version
FROM unnest($1::text[], $2::int[], $3::int[]) AS wanted (stream, lowest, highest)
LEFT JOIN LATERAL (SELECT version FROM streams WHERE streams.stream = wanted.stream LIMIT 1) AS found ON true
WHERE coalesce(found.version, 0) NOT BETWEEN wanted.lowest AND wanted.highest;

-- allowed_heads: The same as wanted, unless one of them is wrong.
SELECT stream, category, events FROM asked_heads WHERE NOT EXISTS (SELECT FROM wrong_heads);

-- moved_heads: Move the heads of the streams that are there. By ON CONFLICT each would be locked first and each new one confirmed after, with a
-- record of its own in the database's log; under the log's lock nobody comes in between.
UPDATE streams AS head SET version = head.version + (more.events -> head.stream)::int
FROM (SELECT jsonb_object_agg(stream, events) AS events FROM wanted_heads OFFSET 0) AS more
WHERE head.stream = ANY(ARRAY(SELECT stream FROM wanted_heads))
RETURNING head.stream, head.stream_id, head.version;

-- made_heads: Make those that are new.
INSERT INTO streams (stream, category, version)
SELECT stream, category, events FROM wanted_heads
WHERE (SELECT true FROM streams AS known WHERE known.stream = wanted_heads.stream) IS NULL
RETURNING stream, stream_id, version;

-- heads: The heads as they are now: stream, key and version.
SELECT stream, stream_id, version FROM moved_heads
UNION ALL
SELECT stream, stream_id, version FROM made_heads;

-- heads_or_wrong: The same, or only the streams that are wrong, with no key.
SELECT stream, stream_id, version FROM moved_heads
UNION ALL
SELECT stream, stream_id, version FROM made_heads
UNION ALL
SELECT stream, NULL, version FROM wrong_heads;

-- added: Add the events in the given order to streams of a part named `heads`; part of a statement. The streams are looked up
-- in one value: the log's transactions plan by index only, and a nested loop over both is their product.
INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
SELECT (head_of.stream -> e.stream ->> 0)::bigint, e.id, (head_of.stream -> e.stream ->> 1)::int - e.behind, e.schema_version, e.stream, e.type, e.data,
    e.metadata
FROM (SELECT jsonb_object_agg(stream, jsonb_build_array(stream_id, version)) AS stream FROM heads OFFSET 0) AS head_of,
    unnest($1::text[], $2::int[], $3::uuid[], $4::smallint[], $5::text[], $6::json[], $7::json[])
        WITH ORDINALITY AS e (stream, behind, id, schema_version, type, data, metadata, number)
ORDER BY e.number
RETURNING position;

-- told: Tell listeners of the log, once; part of a statement that must read it.
SELECT pg_notify('lunas_events', '') AS said;

-- insert: Add the events in the given order, tell listeners once, return the range of positions and the head before them.
WITH added AS (
    INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::json[], $8::json[])
    RETURNING position
)
SELECT min(position) AS first, max(position) AS last, (SELECT coalesce(max(position), 0) FROM events) AS before,
    pg_notify('lunas_events', ''), CASE WHEN $9::boolean THEN pg_notify('lunas_facts', '') END
FROM added;
