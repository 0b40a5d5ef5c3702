-- endpoints: Those that are not removed.
SELECT endpoint_id, url, events, key_id, generation, earlier_key_id, earlier_generation, earlier_until, created_at, failing_since,
    disabled_at, still_signing, greatest(coalesce(extract(epoch FROM quiet_until - clock_timestamp()), 0), 0)::float8 AS quiet_seconds
FROM endpoints WHERE removed_at IS NULL;

-- add: What is to be told; what was told already is left out.
INSERT INTO notifications (event_id, receiver, position, kind, subject, customer_id, occurred_at, data)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::json[])
ON CONFLICT DO NOTHING;

-- claim: Of each receiver so many that are due, the oldest first; they are due again when our time for them is over.
WITH due AS (
    SELECT found.event_id, found.receiver
    FROM unnest($1::text[], $2::int[]) AS wanted (receiver, most)
    CROSS JOIN LATERAL (
        SELECT n.event_id, n.receiver FROM notifications n
        WHERE n.receiver = wanted.receiver AND n.status = 'waiting' AND n.due_at <= clock_timestamp()
        ORDER BY n.due_at LIMIT wanted.most FOR UPDATE SKIP LOCKED
    ) AS found
)
UPDATE notifications n SET due_at = clock_timestamp() + make_interval(secs => $3), attempts = n.attempts + 1
FROM due WHERE n.event_id = due.event_id AND n.receiver = due.receiver
RETURNING n.event_id, n.receiver, n.position, n.kind, n.customer_id, n.occurred_at, n.data, n.attempts;

-- give_back: They were claimed and not tried: due now, and no attempt the less.
UPDATE notifications n SET due_at = clock_timestamp(), attempts = n.attempts - 1
FROM unnest($1::uuid[], $2::text[]) AS g (event_id, receiver)
WHERE n.event_id = g.event_id AND n.receiver = g.receiver AND n.status = 'waiting' AND n.attempts > 0;

-- settle: What came of attempts; `due` in seconds from now. Whatever was settled meanwhile stays.
UPDATE notifications n SET status = s.status, answered = s.answered, trouble = s.trouble,
    due_at = clock_timestamp() + make_interval(secs => s.due),
    settled_at = CASE WHEN s.status = 'waiting' THEN NULL ELSE clock_timestamp() END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::float8[]) AS s (event_id, receiver, status, answered, trouble, due)
WHERE n.event_id = s.event_id AND n.receiver = s.receiver AND n.status = 'waiting';

-- works: They took what they were sent.
UPDATE endpoints SET failing_since = NULL WHERE endpoint_id = ANY($1::text[]) AND failing_since IS NOT NULL;

-- fails: Since when they fail, unless that is known.
UPDATE endpoints SET failing_since = clock_timestamp() WHERE endpoint_id = ANY($1::text[]) AND failing_since IS NULL;

-- quiet: They asked to be left alone for so many seconds.
UPDATE endpoints e SET quiet_until = greatest(e.quiet_until, clock_timestamp() + make_interval(secs => q.seconds))
FROM unnest($1::text[], $2::float8[]) AS q (endpoint_id, seconds) WHERE e.endpoint_id = q.endpoint_id;

-- disable_gone: They said that they are gone for good.
UPDATE endpoints SET disabled_at = clock_timestamp(), disabled_because = 'gone'
WHERE endpoint_id = ANY($1::text[]) AND disabled_at IS NULL RETURNING endpoint_id, disabled_because;

-- disable_failing: Those that have failed for so many days.
UPDATE endpoints SET disabled_at = clock_timestamp(), disabled_because = 'failing'
WHERE endpoint_id = ANY($1::text[]) AND disabled_at IS NULL AND failing_since < clock_timestamp() - make_interval(days => $2)
RETURNING endpoint_id, disabled_because;

-- forget: What was written so many days ago, settled or not.
DELETE FROM notifications WHERE (event_id, receiver) IN (
    SELECT event_id, receiver FROM notifications
    WHERE created_at < clock_timestamp() - make_interval(days => $1) ORDER BY created_at LIMIT $2
);

-- waiting: How much waits for receivers that are sent to, and since when the oldest is due. Whoever is disabled has an alarm of its own, whoever asked to be
-- left alone is late by its own wish.
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(n.due_at)), 0)::float8 AS seconds
FROM notifications n
WHERE n.status = 'waiting' AND n.due_at < clock_timestamp() AND n.receiver = ANY($1::text[]);

-- page: What the address of a request's payment page is made of, and its provider's own page.
SELECT page_secret, instrument ->> 'payment_url' AS payment_url FROM payment_requests WHERE request_id = $1;
