-- keys: Every key that opens something.
SELECT key_id, key_sha256, scopes, customer_id, rate_per_second FROM api_keys WHERE revoked_at IS NULL;

-- used: When keys were used last, to the minute: a write for every call would cost more than the call.
UPDATE api_keys SET last_used_at = clock_timestamp()
WHERE key_id = ANY($1::text[]) AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute');

-- take: One call more of a key, in all processes together; null when it counts, else seconds until the next one may. $2: calls per second, and as
-- many at once. By the database's clock; where that went back, what was counted before is forgotten: nothing is ever counted further ahead than a second.
WITH share AS (
    SELECT make_interval(secs => 1.0 / $2::int) AS one, make_interval(secs => ($2::int - 1.0) / $2::int) AS before, clock_timestamp() AS now
), taken AS (
    INSERT INTO api_key_paces AS p (key_id, clear_at) SELECT $1, now + one FROM share
    ON CONFLICT (key_id) DO UPDATE SET clear_at = CASE
        WHEN p.clear_at > clock_timestamp() + interval '2 seconds' THEN clock_timestamp()
        ELSE greatest(p.clear_at, clock_timestamp()) END + (SELECT one FROM share)
    WHERE p.clear_at <= clock_timestamp() + (SELECT before FROM share) OR p.clear_at > clock_timestamp() + interval '2 seconds'
    RETURNING clear_at
)
SELECT CASE WHEN NOT EXISTS (SELECT FROM taken) THEN greatest(
    extract(epoch FROM coalesce((SELECT clear_at FROM api_key_paces WHERE key_id = $1), now) - before - now)::float8, 1.0 / $2::int) END
FROM share;
