-- add: A new key.
INSERT INTO api_keys (key_id, key_sha256, scopes, customer_id, rate_per_second, created_by) VALUES ($1, $2, $3, $4, $5, $6);

-- list: Every key, newest first.
SELECT key_id, scopes, customer_id, rate_per_second, created_at, created_by, last_used_at, revoked_at
FROM api_keys ORDER BY created_at DESC, key_id LIMIT $1;

-- revoke: It opens nothing any more; no row when there is none that does.
UPDATE api_keys SET revoked_at = clock_timestamp() WHERE key_id = $1 AND revoked_at IS NULL
RETURNING key_id, scopes, customer_id, revoked_at;
