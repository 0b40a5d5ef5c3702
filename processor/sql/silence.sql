-- now: the database's clock; workers' clocks may jump
SELECT clock_timestamp();

-- heard: of each provider the newest webhook, since when nothing came (so long at most), and how many came in that time of each earlier week that we saw whole.
-- These are counted by equal parts of the index: of a range of rows the planner believes that another index would do
WITH kinds AS MATERIALIZED (
    SELECT k.provider, k.status, k.event_name FROM delivery_kinds k
    WHERE k.provider = ANY ($1::text[]) AND k.status NOT IN ('test', 'quarantined')
), sent AS (
    SELECT k.provider, min(f.received_at) AS first_at, max(l.received_at) AS last_at
    FROM kinds k
    CROSS JOIN LATERAL (
        SELECT d.received_at FROM deliveries d
        WHERE (d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C", d.delivery_id)
              BETWEEN (k.provider, k.status, k.event_name, '00000000-0000-0000-0000-000000000000'::uuid)
                  AND (k.provider, k.status, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          AND d.replay_of IS NULL AND d.scheme <> 'reconciled'
        ORDER BY d.provider COLLATE "C" DESC, d.status COLLATE "C" DESC, coalesce(d.event_name, '') COLLATE "C" DESC, d.delivery_id DESC LIMIT 1
    ) AS l
    CROSS JOIN LATERAL (
        SELECT d.received_at FROM deliveries d
        WHERE (d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C", d.delivery_id)
              BETWEEN (k.provider, k.status, k.event_name, '00000000-0000-0000-0000-000000000000'::uuid)
                  AND (k.provider, k.status, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          AND d.replay_of IS NULL AND d.scheme <> 'reconciled'
        ORDER BY d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C", d.delivery_id LIMIT 1
    ) AS f
    GROUP BY k.provider
), span AS (
    SELECT s.provider, s.first_at, s.last_at, greatest(s.last_at, $2::timestamptz - $3::interval) AS since
    FROM sent s WHERE s.last_at < $2::timestamptz
)
SELECT s.provider, s.last_at, s.since, coalesce(array_agg(came.number ORDER BY w.week) FILTER (WHERE came.number IS NOT NULL), '{}') AS weeks
FROM span s
LEFT JOIN generate_series(1, $4::int) AS w (week) ON s.first_at <= s.since - w.week * interval '168 hours'
LEFT JOIN LATERAL (
    SELECT coalesce(sum(each.number), 0)::int AS number
    FROM kinds k
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM deliveries d
        WHERE d.provider COLLATE "C" = k.provider AND d.status COLLATE "C" = k.status AND coalesce(d.event_name, '') COLLATE "C" = k.event_name
          AND d.delivery_id BETWEEN first_id(s.since - w.week * interval '168 hours')
              AND first_id($2::timestamptz - w.week * interval '168 hours' + interval '2 hours')
          AND d.received_at > s.since - w.week * interval '168 hours' AND d.received_at <= $2::timestamptz - w.week * interval '168 hours'
          AND d.replay_of IS NULL AND d.scheme <> 'reconciled'
    ) AS each
    WHERE k.provider = s.provider
) AS came ON w.week IS NOT NULL
GROUP BY s.provider, s.last_at, s.since
ORDER BY s.provider;
