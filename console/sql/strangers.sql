-- list: what bodies carry that is not known, newest first; acknowledged ones only when asked for
SELECT provider, kind, path, shape, seen, first_seen, last_seen, delivery_id, acknowledged_at
FROM strangers
WHERE ($1::text IS NULL OR provider = $1) AND ($2 OR acknowledged_at IS NULL)
ORDER BY provider, kind, path, shape;

-- acknowledge: one path of a provider, or all of them; what was acknowledged before stays so
UPDATE strangers SET acknowledged_at = clock_timestamp()
WHERE provider = $1 AND ($2::text IS NULL OR path = $2) AND acknowledged_at IS NULL
RETURNING kind, path, shape, seen;

-- open: how many nobody has acknowledged, by provider
SELECT provider, count(*)::int AS number FROM strangers WHERE acknowledged_at IS NULL GROUP BY provider ORDER BY provider;
