-- cases: what fulfilment knows of a customer's payments and subscriptions
SELECT case_key, state FROM fulfilment_cases WHERE customer_id = $1 ORDER BY case_key;

-- waiting_for: cases that wait for somebody to have one of these addresses
SELECT w.case_key, c.state FROM fulfilment_waits w JOIN fulfilment_cases c USING (case_key)
WHERE w.wait_key = ANY($1::text[]) AND c.customer_id IS NULL ORDER BY w.case_key;

-- others: addresses among these that another customer is registered with
SELECT DISTINCT email_normalized AS name FROM fulfilment_customers WHERE email_normalized = ANY($1::text[]) AND customer_id <> $2;

-- paid_for_others: addresses among these that paid for another customer, in lower case
SELECT DISTINCT spelling AS address
FROM unnest($1::text[]) AS spelling
WHERE EXISTS (
    SELECT FROM payments WHERE lower(payer_email) = spelling AND payer_email IS NOT NULL AND customer_id <> $2
);

-- alike: deliveries and those that said the same
SELECT delivery_id FROM deliveries WHERE delivery_id = ANY($1::uuid[])
UNION
SELECT x.delivery_id FROM deliveries d JOIN deliveries x ON x.provider = d.provider AND x.dedupe_key = d.dedupe_key
WHERE d.delivery_id = ANY($1::uuid[]);

-- mentioning: deliveries whose bytes hold one of these; reads them all
SELECT delivery_id FROM deliveries
WHERE redacted_at IS NULL AND EXISTS (SELECT FROM unnest($1::bytea[]) AS part WHERE position(part IN body) > 0);

-- bodies: deliveries with their bytes, oldest first
SELECT delivery_id, provider, event_name, status, received_at, body, encode(body_sha256, 'hex') AS sha256, redacted_at
FROM deliveries WHERE delivery_id = ANY($1::uuid[]) ORDER BY received_at, delivery_id;

-- still_open: letters of these deliveries that wait for somebody, and those that stand in a line
SELECT (SELECT count(*) FROM dead_letters WHERE delivery_id = ANY($1::uuid[]) AND status IN ('open', 'replaying') AND stage <> 'fulfil')
    + (SELECT count(*) FROM waiting_deliveries WHERE delivery_id = ANY($1::uuid[]));

-- redact: empty their bytes
UPDATE deliveries SET body = '', redacted_at = clock_timestamp() WHERE delivery_id = ANY($1::uuid[]) AND redacted_at IS NULL RETURNING delivery_id;

-- empty_letters: and those of their letters
UPDATE dead_letters SET message = '' WHERE delivery_id = ANY($1::uuid[]) AND message <> '' RETURNING dead_letter_id;

-- forget_registration: what registrations left behind
DELETE FROM registered_addresses WHERE customer_id = $1 RETURNING customer_id;

-- forget_answers: answers that are repeated to whoever sends the same again
DELETE FROM idempotency_keys WHERE answer ->> 'customer_id' = $1 AND answer ->> 'email' IS NOT NULL RETURNING idempotency_key;

-- forget_requests: what providers were told and said of requests that are over
UPDATE payment_requests SET ask = NULL, said = NULL
WHERE customer_id = $1 AND status <> 'requested' AND (ask IS NOT NULL OR said IS NOT NULL) RETURNING request_id;

-- forget_plans: the same of requests for subscriptions
UPDATE plan_requests SET ask = NULL, said = NULL
WHERE customer_id = $1 AND (status = 'refused' OR ended_at IS NOT NULL) AND (ask IS NOT NULL OR said IS NOT NULL) RETURNING request_id;

-- waiting: the erasure that waits for a second person
SELECT erasure_id, reason, requested_by, requested_at FROM erasures WHERE customer_id = $1 AND done_at IS NULL;

-- ask: an erasure
INSERT INTO erasures (erasure_id, customer_id, reason, requested_by) VALUES ($1, $2, $3, $4);

-- certify: what was done
UPDATE erasures SET certificate = $2 WHERE erasure_id = $1;

-- erasures: erasures of a customer, oldest first
SELECT erasure_id, reason, requested_by, requested_at, approved_by, done_at, certificate FROM erasures WHERE customer_id = $1 ORDER BY requested_at;

-- now: the database's clock
SELECT clock_timestamp();

-- customer: as read models show them
SELECT customer_id, email, name, phone FROM customers WHERE customer_id = $1;

-- balances: what they have
SELECT * FROM balances WHERE customer_id = $1;

-- payments: what they paid
SELECT provider, payment_id, status, amount, refunded_amount, currency, method, channel, reference_id, payer_email, paid_at, held, attestation
FROM payments WHERE customer_id = $1 ORDER BY first_position;

-- subscriptions: what they are subscribed to
SELECT * FROM subscriptions WHERE customer_id = $1 ORDER BY subscription_id;

-- enrollments: courses that were opened
SELECT * FROM enrollments WHERE customer_id = $1 ORDER BY course;

-- held: money that waits
SELECT suspense_id, provider, payment_id, reason, amount, payer_email, product, since, status, resolution, released_at FROM suspense
WHERE customer_id = $1 OR case_key = ANY($2::text[]) ORDER BY since, suspense_id;

-- requests: what our checkout asked for
SELECT request_id, kind, provider, amount_idr, method, channel, status, ask, said, created_at, settled_at FROM payment_requests
WHERE customer_id = $1 ORDER BY created_at;

-- plans: subscriptions that it asked for
SELECT request_id, provider, amount_idr, status, said, created_at FROM plan_requests WHERE customer_id = $1 ORDER BY created_at;

-- notifications: what was told about them, to whom
SELECT event_id, receiver, kind, occurred_at, data FROM notifications WHERE customer_id = $1 ORDER BY position;

-- acts: what operators did to them, their held money and their webhooks
SELECT act_id, at, actor, verb, target, reason, before, after FROM operator_acts WHERE target = ANY($1::text[]) ORDER BY act_id;
