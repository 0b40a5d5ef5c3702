-- now: the database's clock
SELECT clock_timestamp();

-- checkpoints: how far each reader of the log is
SELECT consumer, version, partition, position, updated_at
FROM checkpoints
ORDER BY consumer, version, partition;

-- versions: state of each projection version
SELECT name, version, status, created_at, live_at
FROM projection_versions
ORDER BY name, version;

-- providers: newest delivery, and counts of the last day, of every provider that ever sent something
-- Newest by id, which grows with time: the primary key is walked from its end instead of reading the whole table.
WITH day AS (
    SELECT provider, count(*) AS last_day, count(*) FILTER (WHERE processing_ms > $1) AS slow
    FROM deliveries
    WHERE received_at > clock_timestamp() - interval '1 day'
    GROUP BY provider
)
SELECT known.provider, newest.received_at AS last_event_at, coalesce(day.last_day, 0) AS last_day, coalesce(day.slow, 0) AS slow
FROM unnest($2::text[]) AS known (provider)
CROSS JOIN LATERAL (
    SELECT d.received_at FROM deliveries d
    WHERE d.provider = known.provider AND d.replay_of IS NULL
      AND EXISTS (SELECT FROM deliveries e WHERE e.provider = known.provider)
    ORDER BY d.delivery_id DESC LIMIT 1
) AS newest
LEFT JOIN day ON day.provider = known.provider
ORDER BY known.provider;

-- parked: open dead letters with the bytes that may tell an amount
SELECT provider, message
FROM dead_letters
WHERE status IN ('open', 'replaying')
ORDER BY first_seen
LIMIT $1;

-- parked_count: open dead letters
SELECT count(*) FROM dead_letters WHERE status IN ('open', 'replaying');

-- unconfirmed: payments that were announced as done and whose money was never told, while nobody has closed their letter
SELECT count(*) AS count, min(first_seen) AS oldest FROM dead_letters
WHERE status IN ('open', 'replaying') AND reason = 'payment_unconfirmed';

-- has_suspense: whether the projections have made their views yet
SELECT to_regclass('suspense') IS NOT NULL;

-- suspense: money that waits
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount, min(since) AS oldest FROM suspense WHERE status = 'held';

-- quarantine: rejected requests kept
SELECT count(*) AS count, max(received_at) AS newest FROM quarantine;

-- rejected: requests turned away lately, by provider and cause
SELECT provider, cause, count(*) AS count FROM quarantine
WHERE received_at > clock_timestamp() - $1::interval
GROUP BY provider, cause ORDER BY count(*) DESC, provider, cause LIMIT 20;
