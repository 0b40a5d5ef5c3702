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
