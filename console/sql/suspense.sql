-- list: money that waits, oldest first; a null filter does not filter
SELECT suspense_id, case_key, provider, payment_id, reason, amount, payer_email, customer_id, product, since, status,
       resolution, released_at, released_by
FROM suspense
WHERE ($1::text IS NULL OR provider = $1)
  AND ($2::text IS NULL OR reason = $2)
  AND ($3::boolean OR status = 'held')
ORDER BY since, suspense_id
LIMIT $4;

-- one: one entry, whatever became of it
SELECT suspense_id, case_key, provider, payment_id, reason, amount, payer_email, customer_id, product, since, status,
       resolution, released_at, released_by
FROM suspense
WHERE suspense_id = $1;

-- confirmation: what a provider said of money that waits for its word
SELECT answer, their_status, their_amount, our_amount, code, asks, asked_at, next_at FROM confirmations WHERE case_key = $1;

-- membership: whether a case is a subscription that its provider announced, and its plan
SELECT plan FROM subscriptions WHERE subscription_id = $1;

-- attestation: how much is known of the money of a case
SELECT attestation FROM payments WHERE record = $1;
