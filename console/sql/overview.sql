-- now: the database's clock
SELECT clock_timestamp();

-- checkpoints: how far each reader of the log is, and the exchange that is told of changes
SELECT consumer, version, partition, position, updated_at
FROM checkpoints
UNION ALL
SELECT 'lunas.changes', 1, 0, position, moved_at FROM changes_published
ORDER BY consumer, version, partition;

-- versions: state of each projection version
SELECT name, version, status, created_at, live_at
FROM projection_versions
ORDER BY name, version;

-- providers: newest delivery, and counts of the last day, of every provider that ever sent something
WITH day AS (
    SELECT provider, count(*) AS last_day, count(*) FILTER (WHERE processing_ms > $1) AS slow
    FROM deliveries
    WHERE delivery_id >= first_id(statement_timestamp() - interval '1 day') AND received_at > statement_timestamp() - interval '1 day'
    GROUP BY provider
), newest AS (
    SELECT k.provider, max(d.received_at) AS last_event_at
    FROM delivery_kinds k CROSS JOIN LATERAL (
        SELECT received_at FROM deliveries
        WHERE (provider COLLATE "C", status COLLATE "C", coalesce(event_name, '') COLLATE "C", delivery_id)
              BETWEEN (k.provider, k.status, k.event_name, '00000000-0000-0000-0000-000000000000'::uuid)
                  AND (k.provider, k.status, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          AND replay_of IS NULL
        ORDER BY provider COLLATE "C" DESC, status COLLATE "C" DESC, coalesce(event_name, '') COLLATE "C" DESC, delivery_id DESC LIMIT 1
    ) AS d
    WHERE k.provider = ANY ($2::text[])
    GROUP BY k.provider
)
SELECT newest.provider, newest.last_event_at, coalesce(day.last_day, 0) AS last_day, coalesce(day.slow, 0) AS slow
FROM newest LEFT JOIN day ON day.provider = newest.provider
ORDER BY newest.provider;

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

-- drift: open differences between providers' lists and our record
SELECT provider, kind, findings, amount_idr, since FROM drift ORDER BY provider, kind;

-- compared: the newest run over each provider's lists, and whether it was cut off for long
SELECT DISTINCT ON (provider) provider, status, code, started_at, updated_at,
    extract(epoch FROM clock_timestamp() - updated_at)::double precision AS seconds
FROM reconcile_runs ORDER BY provider, started_at DESC;

-- has_suspense: whether the projections have made their views yet
SELECT to_regclass('suspense') IS NOT NULL;

-- suspense: money that waits, and of it what waits longer than so many days
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount, min(since) AS oldest,
    count(*) FILTER (WHERE since < now() - $1::interval) AS old,
    coalesce(sum(amount) FILTER (WHERE since < now() - $1::interval), 0)::bigint AS old_amount
FROM suspense WHERE status = 'held';

-- quarantine: rejected requests kept
SELECT count(*) AS count, max(received_at) AS newest FROM quarantine;

-- rejected: requests turned away lately, by provider and cause
SELECT provider, cause, count(*) AS count FROM quarantine
WHERE received_at > clock_timestamp() - $1::interval
GROUP BY provider, cause ORDER BY count(*) DESC, provider, cause LIMIT 20;

-- flow: deliveries of the last hour by provider and minutes ago
SELECT provider, extract(epoch FROM statement_timestamp() - received_at)::int / 60 AS minute, count(*)::int AS count
FROM deliveries
WHERE delivery_id >= first_id(statement_timestamp() - interval '1 hour') AND received_at > statement_timestamp() - interval '1 hour'
  AND replay_of IS NULL
GROUP BY 1, 2 ORDER BY 1, 2;
