-- bytes: digests of the exact bodies of deliveries
SELECT delivery_id, encode(body_sha256, 'hex') AS body_sha256 FROM deliveries WHERE delivery_id = ANY ($1::uuid[]);

-- facts: where in the log the facts of some cases stand
SELECT case_key, min(step) AS step FROM payment_timeline WHERE case_key = ANY ($1::text[]) AND kind = 'fact' GROUP BY case_key;

-- customer: whether there is such a customer, and what the read models show of them
SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1) AS known;
