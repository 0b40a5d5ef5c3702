-- of_month: the ids of a month's deliveries, and the file of before
SELECT first_id($1::date::timestamp AT TIME ZONE 'UTC') AS from_id, first_id(($1::date + interval '1 month')::timestamp AT TIME ZONE 'UTC') AS until_id, a.file, a.through, a.bodies
FROM (SELECT) AS one LEFT JOIN body_archives a ON a.month = $1;

-- to_archive: bytes of a month that are there, behind an id, whose receipts stand in a span of the log
SELECT delivery_id, provider, received_at, position, encode(body_sha256, 'hex') AS sha256, body FROM deliveries
WHERE delivery_id > $1 AND delivery_id < $2 AND position > $3 AND position <= $4 AND redacted_at IS NULL
ORDER BY delivery_id LIMIT $5;

-- forgotten: webhooks of a month that were emptied because a person was forgotten
SELECT delivery_id FROM bodies_forgotten WHERE delivery_id >= $1 AND delivery_id < $2;

-- archived: a file that is whole
INSERT INTO body_archives (month, from_id, until_id, through, file, bodies, sha256, archived_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (month) DO UPDATE SET through = excluded.through, file = excluded.file, bodies = excluded.bodies, sha256 = excluded.sha256,
    archived_at = clock_timestamp(), archived_by = excluded.archived_by;

-- due: whole months without a file since the first webhook, and those whose file holds somebody who was forgotten
SELECT month::date FROM generate_series(
    date_trunc('month', (SELECT received_at FROM deliveries ORDER BY delivery_id LIMIT 1) AT TIME ZONE 'UTC'),
    date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') - interval '1 month', interval '1 month') AS month
WHERE NOT EXISTS (SELECT FROM body_archives a WHERE a.month = month::date)
UNION
SELECT a.month FROM body_archives a JOIN bodies_forgotten f ON f.delivery_id >= a.from_id AND f.delivery_id < a.until_id AND f.at > a.archived_at
ORDER BY 1;

-- files: all of them, oldest first
SELECT month, through, file, bodies, encode(sha256, 'hex') AS sha256, archived_at, archived_by FROM body_archives ORDER BY month;

-- holding: files that hold some deliveries
SELECT d.delivery_id, a.file FROM deliveries d JOIN body_archives a ON d.delivery_id >= a.from_id AND d.delivery_id < a.until_id AND d.position <= a.through
WHERE d.delivery_id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM bodies_forgotten f WHERE f.delivery_id = d.delivery_id);

-- forget: these are to go out of the files of their months
INSERT INTO bodies_forgotten (delivery_id, erasure_id) SELECT delivery_id, $2 FROM unnest($1::uuid[]) AS delivery_id ON CONFLICT DO NOTHING;

-- clock: the database's
SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date;
