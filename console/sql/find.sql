-- deliveries: a delivery by its id
SELECT delivery_id::text AS id, provider, status, received_at AS at FROM deliveries WHERE delivery_id = $1;

-- letters: a dead letter by its id or by that of its delivery
SELECT dead_letter_id::text AS id, provider, status, first_seen AS at
FROM dead_letters
WHERE dead_letter_id = $1 OR delivery_id = $1;

-- alarms: what a person was told of a payment, an order or a dispute, and nobody has closed
SELECT dead_letter_id::text AS id, provider, reason AS status, first_seen AS at
FROM dead_letters
WHERE status IN ('open', 'replaying') AND stage = 'fulfil' AND (detail = $1 OR starts_with(detail, $1 || ' '))
ORDER BY first_seen DESC
LIMIT 20;

-- rejected: a rejected request by its id
SELECT quarantine_id::text AS id, provider, cause AS status, received_at AS at FROM quarantine WHERE quarantine_id = $1;

-- customers: by id or e-mail
SELECT customer_id AS id, NULL AS provider, email AS status, NULL::timestamptz AS at
FROM customers
WHERE customer_id = $1 OR email_normalized = $2;

-- payments: by any id of the provider's or our reference; money that a person said had come, and took back, is named so
SELECT p.payment_id AS id, p.provider, CASE WHEN p.failure_code = 'taken_back' THEN 'taken_back' ELSE p.status END AS status, p.paid_at AS at, p.amount, p.customer_id, p.held,
    p.case_key
FROM payment_aliases a
JOIN payments p ON p.record = a.record
WHERE a.provider = ANY ($2::text[]) AND a.alias = $1
GROUP BY p.payment_id, p.provider, p.status, p.failure_code, p.paid_at, p.amount, p.customer_id, p.held, p.case_key, p.first_position
ORDER BY p.first_position DESC
LIMIT 20;

-- refunds: by our id, the provider's, or with the provider's name before it
SELECT refund_id AS id, provider, status, created_at AS at, amount_idr AS amount, customer_id, payment_id AS target
FROM refunds
WHERE refund_id = $1 OR (provider = ANY ($2::text[]) AND provider_refund_id = $1);

-- payers: payments by spellings of the payer's e-mail, in lower case, newest first
SELECT p.payment_id AS id, p.provider, p.status, p.paid_at AS at, p.amount, p.customer_id, p.held, p.case_key
FROM unnest($1::text[]) AS spelling
CROSS JOIN LATERAL (
    SELECT * FROM payments WHERE lower(payer_email) = spelling AND payer_email IS NOT NULL ORDER BY first_position DESC LIMIT 20
) AS p
ORDER BY p.first_position DESC
LIMIT 20;

-- amounts: payments of exactly this many rupiah, newest first
SELECT payment_id AS id, provider, status, paid_at AS at, amount, customer_id, held, case_key
FROM payments
WHERE amount = $1
ORDER BY first_position DESC
LIMIT 20;

-- amounts_on: the same, paid in a span of time; they were told of first between two positions of the log
SELECT payment_id AS id, provider, status, paid_at AS at, amount, customer_id, held, case_key
FROM payments
WHERE amount = $1 AND paid_at >= $2 AND paid_at < $3 AND first_position > $4 AND first_position <= $5
ORDER BY first_position DESC
LIMIT 20;

-- licences: a subscription by the code of its licence
SELECT subscription_id AS id, provider, status, started_at AS at, customer_id, held FROM subscriptions WHERE licence_code = $1 LIMIT 20;

-- suspense: held money by its id
SELECT suspense_id AS id, provider, status, since AS at, amount, customer_id FROM suspense WHERE suspense_id = $1;

-- acts: an audit record by its id
SELECT act_id::text AS id, NULL AS provider, verb AS status, at, target FROM operator_acts WHERE act_id = $1;

-- asked_plans: a subscription that our checkout asked for, by our id of the request
SELECT coalesce(r.provider || ':subscription:' || r.plan_key, r.request_id) AS id, r.provider,
    CASE r.status WHEN 'refused' THEN 'failed' ELSE coalesce(s.status, 'pending') END AS status, r.created_at AS at, r.customer_id,
    r.amount_idr AS amount
FROM plan_requests r LEFT JOIN subscriptions s ON s.subscription_id = r.provider || ':subscription:' || r.plan_key
WHERE r.request_id = $1;

-- subscriptions: by our id, which is the provider and its licence, membership or plan
SELECT subscription_id AS id, provider, status, started_at AS at, customer_id, held FROM subscriptions WHERE subscription_id = ANY ($1::text[]);

-- enrollments: customers of a course, by the catalogue's product id
SELECT course AS id, provider, status, granted_at AS at, customer_id FROM enrollments WHERE course = $1 ORDER BY customer_id LIMIT 20;

-- claimable: what is held of some cases
SELECT suspense_id AS id, provider, status, since AS at, amount, customer_id, reason AS held
FROM suspense
WHERE status = 'held' AND case_key = ANY ($1::text[])
ORDER BY since, suspense_id;

-- products: what is held that was paid for a product of the catalogue
SELECT suspense_id AS id, provider, status, since AS at, amount, customer_id, reason AS held
FROM suspense
WHERE status = 'held' AND product = $1
ORDER BY since, suspense_id
LIMIT 20;

-- bodies: of the newest deliveries those that speak of it: a phone number, a provider's product, a name
SELECT delivery_id::text AS id, provider, status, received_at AS at
FROM (SELECT delivery_id, provider, status, received_at, body FROM deliveries ORDER BY delivery_id DESC LIMIT $2) AS newest
WHERE position($1::bytea IN body) > 0
ORDER BY delivery_id DESC
LIMIT 20;

-- requests: an order or a top-up that our checkout asked for, by its id
SELECT request_id AS id, provider, coalesce(code, status) AS status, created_at AS at, coalesce(charged_idr, amount_idr) AS amount,
    customer_id, kind AS asked_for
FROM payment_requests
WHERE request_id = $1;

-- requests_to_va: what our checkout asked to be paid into a virtual account, by its number, newest first
SELECT request_id AS id, provider, coalesce(code, status) AS status, created_at AS at, coalesce(charged_idr, amount_idr) AS amount,
    customer_id, kind AS asked_for
FROM payment_requests
WHERE instrument ->> 'va_number' = $1
ORDER BY created_at DESC
LIMIT 20;

-- requests_by_qr: of the newest that our checkout asked for, those whose QR code holds it: the whole, or its reference
SELECT request_id AS id, provider, coalesce(code, status) AS status, created_at AS at, coalesce(charged_idr, amount_idr) AS amount,
    customer_id, kind AS asked_for
FROM (SELECT * FROM payment_requests ORDER BY request_id DESC LIMIT $2) AS newest
WHERE position($1 IN instrument ->> 'qr_string') > 0
ORDER BY request_id DESC
LIMIT 20;
