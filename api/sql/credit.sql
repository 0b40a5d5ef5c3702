-- asked: Accounts by customer with the names of their streams and what was folded of them; a part.
SELECT u.customer_id, u.theirs, u.own, coalesce(a.customer_version, 0) AS customer_version, coalesce(a.credit_version, 0) AS credit_version, a.state
FROM unnest($1::text[], $2::text[], $3::text[]) AS u (customer_id, theirs, own)
LEFT JOIN credit_accounts a ON a.customer_id = u.customer_id AND a.format = $4

-- wanted: Where the log is read on from; a part.
SELECT theirs AS stream, customer_version AS version FROM asked UNION ALL SELECT own, credit_version FROM asked

-- named: What references were used for; a part.
SELECT a.customer_id, a.kind, a.reference, a.position
FROM unnest($1::text[], $2::text[], $3::text[]) AS u (customer_id, kind, reference)
JOIN credit_acts a ON a.customer_id = u.customer_id AND a.kind = u.kind AND a.reference = u.reference

-- keys: What Idempotency-Keys were used for; a part.
SELECT idempotency_key, request_sha256, status, answer FROM idempotency_keys WHERE idempotency_key = ANY($1::text[])

-- looked: All of it, and the time; the last part of that statement.
SELECT 'account' AS what, customer_id AS name, NULL AS kind, NULL AS reference, NULL::bigint AS number, NULL::int AS version,
    NULL::int AS head, state::text AS document, NULL::bytea AS digest, NULL::timestamptz AS at
FROM asked
UNION ALL
SELECT 'event', stream, type, NULL, position, schema_version, head, data::text, NULL, NULL FROM behind
UNION ALL
SELECT 'act', customer_id, kind, reference, position, NULL, NULL, NULL, NULL, NULL FROM named
UNION ALL
SELECT 'key', idempotency_key, NULL, NULL, NULL, status::int, NULL, answer::text, request_sha256, NULL FROM keys
UNION ALL
SELECT 'now', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, clock_timestamp()

-- looked_only: Accounts and the time, for those who ask about nothing else; the last part of a statement.
SELECT 'account' AS what, customer_id AS name, NULL AS kind, NULL::bigint AS number, NULL::int AS version, NULL::int AS head,
    state::text AS document, NULL::timestamptz AS at
FROM asked
UNION ALL
SELECT 'event', stream, type, position, schema_version, head, data::text, NULL FROM behind
UNION ALL
SELECT 'now', NULL, NULL, NULL, NULL, NULL, NULL, clock_timestamp()

-- save_accounts: Snapshots as they stand now.
INSERT INTO credit_accounts (customer_id, format, customer_version, credit_version, credit_tokens, reserved_tokens, spent_tokens,
    debt_tokens, due_at, state)
SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::timestamptz[], $10::json[])
ON CONFLICT (customer_id) DO UPDATE SET format = excluded.format, customer_version = excluded.customer_version,
    credit_version = excluded.credit_version, credit_tokens = excluded.credit_tokens, reserved_tokens = excluded.reserved_tokens,
    spent_tokens = excluded.spent_tokens, debt_tokens = excluded.debt_tokens, due_at = excluded.due_at, state = excluded.state

-- save_acts: What references are used for from now on.
INSERT INTO credit_acts (customer_id, kind, reference, position)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])

-- save_keys: Answers to requests with an Idempotency-Key.
INSERT INTO idempotency_keys (idempotency_key, request_sha256, status, answer)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::smallint[], $4::json[])

-- saved: The last part of the statement that saves.
SELECT 1

-- due: Accounts on which a reservation has expired.
SELECT customer_id FROM credit_accounts WHERE due_at <= statement_timestamp() ORDER BY due_at LIMIT $1;

-- watched: Up to where accounts were looked at whose money went back.
SELECT position FROM credit_watched;

-- watch: Go on from there.
UPDATE credit_watched SET position = greatest(position, $1);

-- customers: The next customers who have an account.
SELECT customer_id FROM credit_accounts WHERE customer_id > $1 ORDER BY customer_id LIMIT $2;

-- without_account: The next customers who ever did something with an account and have none.
SELECT substr(s.stream, length('credit-') + 1) AS customer_id FROM streams s
WHERE s.stream > 'credit-' || $1 AND s.stream < 'credit.'
    AND NOT EXISTS (SELECT FROM credit_accounts a WHERE a.customer_id = substr(s.stream, length('credit-') + 1) COLLATE "default")
ORDER BY s.stream LIMIT $2;

-- every_act: What every reference was used for.
SELECT customer_id, kind, reference, position FROM credit_acts;

-- forget_acts: All of that, to be written again.
DELETE FROM credit_acts;

-- at_once: Append and save what was decided, unless something moved since it was looked at: null then.
SELECT credit_at_once($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::int[], $9::uuid[],
    $10::smallint[], $11::text[], $12::json[], $13::json[], $14::text[], $15::int[], $16::int[], $17::int[], $18::bigint[],
    $19::bigint[], $20::bigint[], $21::bigint[], $22::timestamptz[], $23::json[], $24::text[], $25::text[], $26::text[], $27::int[],
    $28::bytea[], $29::smallint[], $30::json[], $31::int[], $32::interval, $33::int);
