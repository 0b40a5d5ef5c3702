-- now: the database's clock; workers' clocks may jump
SELECT clock_timestamp();

-- place: up to which delivery bodies were looked at
SELECT delivery_id FROM bodies_looked_at;

-- bodies: the next deliveries that providers sent themselves and that were received by a time; later ones may still be stored before them
SELECT d.delivery_id, d.provider, d.received_at, d.event_name, d.reason, d.body
FROM deliveries d
WHERE d.delivery_id > $1 AND d.received_at < $2 AND d.replay_of IS NULL AND d.scheme <> 'reconciled' AND d.redacted_at IS NULL
ORDER BY d.delivery_id LIMIT $3;

-- newest: the newest delivery received by a time
SELECT d.delivery_id FROM deliveries d WHERE d.received_at < $1 ORDER BY d.delivery_id DESC LIMIT 1;

-- move: the place goes on; no row when another process has moved it
UPDATE bodies_looked_at SET delivery_id = $2 WHERE delivery_id = $1 RETURNING delivery_id;

-- count: what was found, added to what is known; the first example stays
INSERT INTO strangers AS s (provider, kind, path, shape, seen, first_seen, last_seen, delivery_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::uuid[])
ON CONFLICT (provider, kind, path, shape) DO UPDATE SET seen = s.seen + excluded.seen, last_seen = greatest(s.last_seen, excluded.last_seen);

-- open: how many nobody has acknowledged, by provider
SELECT provider, count(*)::int AS number FROM strangers WHERE acknowledged_at IS NULL GROUP BY provider;
