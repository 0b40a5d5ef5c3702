-- list: newest deliveries first; a null filter does not filter
SELECT delivery_id, provider, event_name, status, reason, received_at, recorded_at, processing_ms, scheme, secret_id,
       duplicate_of, replay_of, position, octet_length(body) AS bytes, body_sha256
FROM deliveries
WHERE ($1::text IS NULL OR provider = $1)
  AND ($2::text IS NULL OR status = $2)
  AND ($3::text IS NULL OR event_name = $3)
  AND ($4::timestamptz IS NULL OR received_at >= $4)
  AND ($5::integer IS NULL OR processing_ms >= $5)
ORDER BY delivery_id DESC
LIMIT $6;

-- one: everything about one delivery, bytes included
SELECT delivery_id, provider, event_name, status, reason, received_at, recorded_at, processing_ms, path, headers, body,
       body_sha256, scheme, secret_id, dedupe_key, duplicate_of, replay_of, position
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

-- to_replay: deliveries a bulk replay would send, oldest first
SELECT delivery_id, provider, received_at, path, headers, body, scheme, secret_id
FROM deliveries
WHERE ($1::text IS NULL OR provider = $1)
  AND ($2::text IS NULL OR status = $2)
  AND ($3::text IS NULL OR event_name = $3)
  AND ($4::timestamptz IS NULL OR received_at >= $4)
  AND replay_of IS NULL
  AND status NOT IN ('duplicate', 'conflict')
ORDER BY delivery_id
LIMIT $5;
