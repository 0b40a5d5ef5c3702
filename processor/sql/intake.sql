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

-- park: Add dead letters; the same bytes that fail again for the same reason are the same letter.
INSERT INTO dead_letters AS letter
    (dead_letter_id, delivery_id, provider, event_name, stage, reason, detail, message, attempts, deliveries, body_sha256)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::int[],
    $10::int[], $11::bytea[])
ON CONFLICT (provider, body_sha256, stage, reason, (CASE WHEN stage = 'fulfil' THEN left(detail, 200) ELSE '' END))
    WHERE status IN ('open', 'replaying') DO UPDATE SET
    status = 'open', resolved_by = NULL, resolved_at = NULL, detail = excluded.detail, attempts = excluded.attempts, event_name = coalesce(excluded.event_name, letter.event_name),
    deliveries = letter.deliveries + excluded.deliveries, last_seen = clock_timestamp();

-- moved_on: Close replayed letters that are not what is wrong now: another letter says that. An alarm of fulfilment is open again.
UPDATE dead_letters SET status = CASE WHEN stage = 'fulfil' THEN 'open' ELSE 'resolved' END,
    resolved_by = CASE WHEN stage <> 'fulfil' THEN resolved_by END,
    resolved_at = CASE WHEN stage <> 'fulfil' THEN clock_timestamp() END
WHERE dead_letter_id = ANY($1::uuid[]) AND status = 'replaying';

-- resolve: Close the letters whose bytes went through after all. An alarm of fulfilment is about what was decided, not about the bytes: a
-- provider that sends them again says nothing about it. Only its own replay touches it, and closes it when the bug is gone that kept the case
-- from being decided; else it is open again.
UPDATE dead_letters AS letter SET
    status = CASE WHEN letter.stage <> 'fulfil' OR mended.yes THEN 'resolved' ELSE 'open' END,
    resolved_by = CASE WHEN letter.stage <> 'fulfil' OR mended.yes THEN coalesce(done.actor, 'intake') END,
    resolved_at = CASE WHEN letter.stage <> 'fulfil' OR mended.yes THEN clock_timestamp() END
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::uuid[]) AS done (provider, body_sha256, actor, replayed),
    dead_letters AS same, LATERAL (
        SELECT same.reason = 'policy_failed' AND NOT EXISTS (
            SELECT FROM fulfilment_waits AS waits WHERE waits.wait_key = 'policy' AND waits.case_key IN (
                same.detail, (SELECT alias.case_key FROM fulfilment_aliases AS alias WHERE alias.alias = same.detail))
        ) AS yes
    ) AS mended
WHERE letter.dead_letter_id = same.dead_letter_id
    AND same.status IN ('open', 'replaying') AND same.provider = done.provider AND same.body_sha256 = done.body_sha256
    AND (same.stage <> 'fulfil' OR (same.status = 'replaying' AND same.dead_letter_id = done.replayed));

-- quarantine: Keep requests we do not trust.
INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::json[], $8::bytea[], $9::bytea[])
ON CONFLICT DO NOTHING;

-- trim_quarantine: Drop the oldest behind a number of rows.
DELETE FROM quarantine WHERE quarantine_id IN (SELECT quarantine_id FROM quarantine ORDER BY quarantine_id DESC OFFSET $1);

-- trim_quarantine_further: Drop the oldest behind a number of bytes, and what is older than a number of days.
DELETE FROM quarantine WHERE quarantine_id IN (
    SELECT quarantine_id
    FROM (SELECT quarantine_id, received_at, sum(octet_length(body)) OVER (ORDER BY quarantine_id DESC) AS bytes FROM quarantine) AS kept
    WHERE bytes > $1::bigint OR received_at < now() - make_interval(days => $2::int)
);

-- recorded: How long each delivery took; the last part of the statement that stores deliveries.
SELECT delivery_id, processing_ms FROM recorded;

-- recorded_and_moved: The same when decisions are saved too: whether fulfilment's checkpoint was where we left it.
SELECT delivery_id, processing_ms, EXISTS (SELECT FROM moved) AS moved FROM recorded;
