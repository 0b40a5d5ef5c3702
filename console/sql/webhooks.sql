-- list: newest deliveries first; a null filter does not filter. Of each kind that is asked for the newest, and of these the newest
SELECT d.delivery_id, d.provider, d.event_name, d.status, d.reason, d.received_at, d.recorded_at, d.processing_ms, d.scheme, d.secret_id,
       d.duplicate_of, d.replay_of, d.position, octet_length(d.body) AS bytes, d.body_sha256
FROM delivery_kinds k
CROSS JOIN LATERAL (
    SELECT delivery_id FROM deliveries
    WHERE (provider COLLATE "C", status COLLATE "C", coalesce(event_name, '') COLLATE "C", delivery_id)
          BETWEEN (k.provider, k.status, k.event_name, coalesce(first_id($4), '00000000-0000-0000-0000-000000000000'))
              AND (k.provider, k.status, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
      AND ($4::timestamptz IS NULL OR received_at >= $4)
      AND ($5::integer IS NULL OR processing_ms >= $5)
    ORDER BY provider COLLATE "C" DESC, status COLLATE "C" DESC, coalesce(event_name, '') COLLATE "C" DESC, delivery_id DESC LIMIT $6
) AS newest
JOIN deliveries d USING (delivery_id)
WHERE ($1::text IS NULL OR k.provider = $1)
  AND ($2::text IS NULL OR k.status = $2)
  AND ($3::text IS NULL OR k.event_name = $3)
ORDER BY d.delivery_id DESC
LIMIT $6;

-- one: everything about one delivery, bytes included
SELECT delivery_id, provider, event_name, status, reason, received_at, recorded_at, processing_ms, path, headers, body,
       body_sha256, scheme, secret_id, dedupe_key, duplicate_of, replay_of, position, redacted_at
FROM deliveries
WHERE delivery_id = $1;

-- related: duplicates, conflicts and replays of one delivery
SELECT delivery_id, status, reason, received_at,
       CASE WHEN replay_of = $1 THEN 'replay' ELSE 'duplicate' END AS relation
FROM deliveries
WHERE duplicate_of = $1 OR replay_of = $1
ORDER BY delivery_id;

-- letters: dead letters of one delivery
SELECT dead_letter_id, stage, reason, status
FROM dead_letters
WHERE delivery_id = $1;

-- stored: which of these deliveries are there
SELECT delivery_id FROM deliveries WHERE delivery_id = ANY($1::uuid[]);
