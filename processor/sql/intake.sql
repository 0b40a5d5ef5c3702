-- take_in: Claim dedupe keys, unless some delivery is stored already because the broker delivered it again: then claim nothing.
-- Returns the deliveries whose key was new, and those that are stored already.
WITH known AS MATERIALIZED (
    SELECT delivery_id FROM deliveries WHERE delivery_id = ANY($6::uuid[])
), taken AS (
    INSERT INTO inbox (provider, dedupe_key, content_digest, delivery_id, effects)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[], $5::smallint[])
    WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT DO NOTHING RETURNING delivery_id
)
SELECT delivery_id, false AS known FROM taken
UNION ALL
SELECT delivery_id, true FROM known;

-- first_seen: What the inbox holds for keys. The LIMIT keeps it at one index look-up per key, whatever the table's size was when planned.
SELECT held.* FROM unnest($1::text[], $2::text[]) AS wanted (provider, dedupe_key), LATERAL (
    SELECT provider, dedupe_key, content_digest, delivery_id, effects FROM inbox
    WHERE inbox.provider = wanted.provider AND inbox.dedupe_key = wanted.dedupe_key LIMIT 1
) AS held;

-- first_delivery: One stored delivery, to be understood again.
SELECT delivery_id, provider, received_at, path, headers, body, body_sha256, scheme, secret_id FROM deliveries WHERE delivery_id = $1;

-- learned: A later delivery of a key had facts where the first one had none.
UPDATE inbox SET effects = $3 WHERE provider = $1 AND dedupe_key = $2;

-- record: Store deliveries; processing time ends here, by the database's clock.
INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id,
    event_name, dedupe_key, status, reason, duplicate_of, replay_of, position)
SELECT delivery_id, provider, received_at,
    least(greatest(extract(epoch FROM clock_timestamp() - started_at) * 1000, 0), 2147483647)::int,
    path, headers, body, body_sha256, scheme, secret_id, event_name, dedupe_key, status, reason, duplicate_of, replay_of, position
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::json[], $7::bytea[], $8::bytea[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[], $16::uuid[], $17::bigint[])
    AS new (delivery_id, provider, received_at, started_at, path, headers, body, body_sha256, scheme, secret_id, event_name, dedupe_key,
        status, reason, duplicate_of, replay_of, position)
RETURNING delivery_id, processing_ms;

-- park: Add dead letters; the same bytes that fail again are the same letter.
INSERT INTO dead_letters AS letter
    (dead_letter_id, delivery_id, provider, event_name, stage, reason, detail, message, attempts, deliveries, body_sha256)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::int[],
    $10::int[], $11::bytea[])
ON CONFLICT (provider, body_sha256) WHERE status IN ('open', 'replaying') DO UPDATE SET
    status = 'open', resolved_by = NULL, resolved_at = NULL, stage = excluded.stage, reason = excluded.reason,
    detail = excluded.detail, attempts = excluded.attempts, event_name = coalesce(excluded.event_name, letter.event_name),
    deliveries = letter.deliveries + excluded.deliveries, last_seen = clock_timestamp();

-- resolve: Close the letters whose bytes went through after all.
UPDATE dead_letters AS letter SET status = 'resolved', resolved_by = coalesce(done.actor, 'intake'), resolved_at = clock_timestamp()
FROM unnest($1::text[], $2::bytea[], $3::text[]) AS done (provider, body_sha256, actor)
WHERE letter.status IN ('open', 'replaying') AND letter.provider = done.provider AND letter.body_sha256 = done.body_sha256;

-- quarantine: Keep requests we do not trust.
INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::json[], $8::bytea[], $9::bytea[])
ON CONFLICT DO NOTHING;

-- trim_quarantine: Drop the oldest behind a number of rows.
DELETE FROM quarantine WHERE quarantine_id IN (SELECT quarantine_id FROM quarantine ORDER BY quarantine_id DESC OFFSET $1);

-- recorded: How long each delivery took; the last part of the statement that stores deliveries.
SELECT delivery_id, processing_ms FROM recorded;

-- recorded_and_moved: The same when decisions are saved too: whether fulfilment's checkpoint was where we left it.
SELECT delivery_id, processing_ms, EXISTS (SELECT FROM moved) AS moved FROM recorded;
