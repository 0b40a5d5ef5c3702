-- add: A new endpoint; when it was made.
INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING created_at;

-- endpoints: Every endpoint, newest first, with what waits for it.
SELECT e.endpoint_id, e.application, e.url, e.events, e.generation, e.earlier_until, e.created_at, e.created_by, e.failing_since, e.disabled_at,
    e.disabled_because, CASE WHEN e.quiet_until > clock_timestamp() THEN e.quiet_until END AS quiet_until,
    (SELECT count(*) FROM notifications n WHERE n.receiver = e.endpoint_id AND n.status = 'waiting') AS waiting
FROM endpoints e WHERE e.removed_at IS NULL ORDER BY e.created_at DESC, e.endpoint_id LIMIT $1;

-- endpoint: One that is not removed, for its change.
SELECT endpoint_id, application, url, events, key_id, generation, disabled_at, disabled_because,
    coalesce(quiet_until > clock_timestamp(), false) AS quiet
FROM endpoints WHERE endpoint_id = $1 AND removed_at IS NULL FOR NO KEY UPDATE;

-- rotate: The next secret; the one before signs for so many hours more, and those before it as long as they were to.
UPDATE endpoints SET still_signing = (
        SELECT coalesce(jsonb_agg(s.secret), '[]') FROM jsonb_array_elements(
            still_signing || jsonb_build_object('key_id', earlier_key_id, 'generation', earlier_generation, 'until', earlier_until)
        ) AS s (secret)
        WHERE (s.secret ->> 'until')::timestamptz > clock_timestamp()
    ),
    earlier_key_id = key_id, earlier_generation = generation, earlier_until = clock_timestamp() + make_interval(hours => $3),
    key_id = $2, generation = generation + 1
WHERE endpoint_id = $1 RETURNING generation, earlier_until;

-- disable: Nothing is sent any more.
UPDATE endpoints SET disabled_at = clock_timestamp(), disabled_because = 'operator' WHERE endpoint_id = $1;

-- enable: It is sent to again.
UPDATE endpoints SET disabled_at = NULL, disabled_because = NULL, failing_since = NULL, quiet_until = NULL WHERE endpoint_id = $1;

-- remove: It is no endpoint any more.
UPDATE endpoints SET removed_at = clock_timestamp() WHERE endpoint_id = $1;

-- drop_waiting: What waits for a receiver is not sent.
UPDATE notifications SET status = 'skipped', trouble = 'removed', settled_at = clock_timestamp() WHERE receiver = $1 AND status = 'waiting';

-- hurry: What waits for a receiver is due now.
UPDATE notifications SET due_at = clock_timestamp(), attempts = 0 WHERE receiver = $1 AND status = 'waiting';

-- test: A notification that no decision is behind.
INSERT INTO notifications (event_id, receiver, position, kind, subject, occurred_at, data)
VALUES ($1, $2, 0, 'endpoint.test', $3, clock_timestamp(), $4::json);

-- one: A notification of a receiver.
SELECT event_id, receiver, kind, status, attempts, answered, trouble FROM notifications WHERE event_id = $1 AND receiver = $2;

-- list: Notifications, newest first.
SELECT event_id, receiver, position, kind, customer_id, occurred_at, status, attempts, due_at, answered, trouble, created_at, settled_at
FROM notifications
WHERE ($1::text IS NULL OR receiver = $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR customer_id = $4) AND ($5::timestamptz IS NULL OR created_at >= $5) AND ($6::uuid IS NULL OR event_id = $6)
ORDER BY created_at DESC, event_id, receiver LIMIT $7;

-- to_replay: How many a replay would send again. Who is no endpoint any more is sent nothing.
SELECT count(*) FROM notifications
WHERE status <> 'waiting' AND NOT EXISTS (SELECT FROM endpoints e WHERE e.endpoint_id = receiver AND e.removed_at IS NOT NULL) AND ($1::text IS NULL OR receiver = $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::uuid IS NULL OR event_id = $5);

-- replay: They are due again, under the same id; the schedule begins anew.
UPDATE notifications SET status = 'waiting', attempts = 0, due_at = clock_timestamp(), settled_at = NULL
WHERE status <> 'waiting' AND NOT EXISTS (SELECT FROM endpoints e WHERE e.endpoint_id = receiver AND e.removed_at IS NOT NULL) AND ($1::text IS NULL OR receiver = $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::uuid IS NULL OR event_id = $5);

-- failing: Endpoints that are not sent to, or fail, for the examination.
SELECT endpoint_id, application, disabled_because, failing_since FROM endpoints
WHERE removed_at IS NULL AND (failing_since IS NOT NULL OR disabled_because IN ('gone', 'failing')) ORDER BY endpoint_id LIMIT 50;
