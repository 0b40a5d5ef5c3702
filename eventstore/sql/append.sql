-- lock: Take the log's lock until the transaction ends. Until then, plan by index only: a plan made while tables were small would be kept while they grow.
SELECT current_setting('transaction_isolation') AS isolation,
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    pg_advisory_xact_lock($1);

-- heads: Keys and versions of the streams that exist, as three arrays; and whether the log's lock is ours (if nobody held it, it is now).
SELECT coalesce(array_agg(stream), '{}') AS streams, coalesce(array_agg(stream_id), '{}') AS keys,
    coalesce(array_agg(version), '{}') AS versions, pg_try_advisory_xact_lock($2) AS locked
FROM streams WHERE stream = ANY($1::text[]);

-- advance: Make the new streams (first three arrays) and move the heads of the others from one version to another (last three).
WITH made AS (
    INSERT INTO streams (stream, category, version) SELECT * FROM unnest($1::text[], $2::text[], $3::int[]) RETURNING stream, stream_id
), moved AS (
    UPDATE streams AS head SET version = step.version
    FROM unnest($4::text[], $5::int[], $6::int[]) AS step (stream, before, version)
    WHERE head.stream = step.stream AND head.version = step.before
    RETURNING 1
)
SELECT coalesce((SELECT array_agg(stream) FROM made), '{}') AS streams, coalesce((SELECT array_agg(stream_id) FROM made), '{}') AS keys,
    (SELECT count(*) FROM moved) AS moved;

-- finish: Tell listeners once; the last position, which is ours while we hold the lock.
SELECT max(position) AS last, pg_notify('lunas_events', '') FROM events;
