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

-- customer: does this customer exist
SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1);

-- subscribed: whether a case is a subscription, or a payment that charges for one
SELECT kind = 'subscription' OR (state -> 'facts' -> 'registers' -> 'subscription_key') IS NOT NULL
FROM fulfilment_cases
WHERE case_key = coalesce((SELECT case_key FROM fulfilment_aliases WHERE alias = $1), $1);
