-- head: position of the newest event and the database's clock
SELECT coalesce((SELECT max(position) FROM events), 0) AS position, clock_timestamp() AS at;

-- checkpoints: how far each reader of the log is
SELECT consumer, version, partition, position, updated_at
FROM checkpoints
ORDER BY consumer, version, partition;

-- versions: state of each projection version
SELECT name, version, status, created_at, live_at
FROM projection_versions
ORDER BY name, version;

-- providers: newest delivery and count of the last day, per provider
SELECT provider,
       max(received_at) AS last_event_at,
       count(*) FILTER (WHERE received_at > clock_timestamp() - interval '1 day') AS last_day,
       count(*) FILTER (WHERE received_at > clock_timestamp() - interval '1 day' AND processing_ms > $1) AS slow
FROM deliveries
GROUP BY provider
ORDER BY provider;

-- parked: open dead letters with the bytes that may tell an amount
SELECT provider, message
FROM dead_letters
WHERE status IN ('open', 'replaying')
ORDER BY first_seen
LIMIT $1;

-- parked_count: open dead letters
SELECT count(*) FROM dead_letters WHERE status IN ('open', 'replaying');

-- has_suspense: whether the projections have made their views yet
SELECT to_regclass('suspense') IS NOT NULL;

-- suspense: money that waits
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount, min(since) AS oldest FROM suspense WHERE status = 'held';

-- quarantine: rejected requests kept
SELECT count(*) AS count, max(received_at) AS newest FROM quarantine;
