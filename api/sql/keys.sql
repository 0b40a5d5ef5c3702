-- keys: Every key that opens something.
SELECT key_id, key_sha256, scopes, customer_id, rate_per_second FROM api_keys WHERE revoked_at IS NULL;

-- used: When keys were used last, to the minute: a write for every call would cost more than the call.
UPDATE api_keys SET last_used_at = clock_timestamp()
WHERE key_id = ANY($1::text[]) AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute');
