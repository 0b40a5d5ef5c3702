-- cutoff: bytes of what came before are too old
SELECT clock_timestamp() - make_interval(days => $1)

-- old_bodies: the next webhooks received before a moment whose bytes are there, and whether somebody still needs them; only archived ones when that is asked
SELECT d.delivery_id, EXISTS (
    SELECT FROM dead_letters l WHERE l.delivery_id = d.delivery_id AND l.status IN ('open', 'replaying')
) OR EXISTS (SELECT FROM waiting_deliveries w WHERE w.delivery_id = d.delivery_id) AS needed
FROM deliveries d
WHERE d.delivery_id > $1 AND d.delivery_id < first_id($2) AND d.received_at < $2 AND d.redacted_at IS NULL
    AND (NOT $4 OR EXISTS (SELECT FROM body_archives a WHERE a.from_id <= d.delivery_id AND d.delivery_id < a.until_id AND d.position <= a.through))
ORDER BY d.delivery_id LIMIT $3

-- redact: empty their bytes and those of their letters that are settled; how many there were
WITH letters AS (
    UPDATE dead_letters SET message = '' WHERE delivery_id = ANY($1::uuid[]) AND status NOT IN ('open', 'replaying') AND message <> ''
), emptied AS (
    UPDATE deliveries SET body = '', redacted_at = clock_timestamp() WHERE delivery_id = ANY($1::uuid[]) AND redacted_at IS NULL RETURNING delivery_id
)
SELECT count(*) FROM emptied
