-- lock: Requests with the same key one after another, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended($1, 7821440273));

-- find: What the key was used for.
SELECT request_sha256, status, answer FROM idempotency_keys WHERE idempotency_key = $1;

-- keep: Remember an answer.
INSERT INTO idempotency_keys (idempotency_key, request_sha256, status, answer) VALUES ($1, $2, $3, $4);

-- expire: Forget a few keys that are older than some days; a few at every write is enough.
DELETE FROM idempotency_keys WHERE idempotency_key IN (
    SELECT idempotency_key FROM idempotency_keys WHERE created_at < statement_timestamp() - $1::interval
    ORDER BY created_at LIMIT $2
);

-- replace: A key whose first request came to nothing through nobody's fault stands for a new one.
UPDATE idempotency_keys SET answer = $2, created_at = clock_timestamp() WHERE idempotency_key = $1;
