-- payment: the payment that any id of the provider's finds, with its case
SELECT p.case_key, p.payment_id, p.amount, p.customer_id, p.payment_type, p.status
FROM payment_aliases a JOIN payments p ON p.record = a.record
WHERE a.provider = $1 AND a.alias = $2
ORDER BY p.first_position LIMIT 2;

-- customer: whether a customer is registered
SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1);

-- propose: a correction as it was proposed
INSERT INTO corrections (change_id, provider, payment_id, case_key, patch, before, at_stake, reason, author, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- one: one correction
SELECT change_id, provider, payment_id, case_key, patch, before, at_stake, reason, author, proposed_at, status, changed_by, changed_at
FROM corrections WHERE change_id = $1;

-- same: the same act on the same thing that waits already
SELECT change_id, author, proposed_at FROM corrections WHERE status = 'proposed' AND patch ->> 'act' = $1 AND patch ->> 'target' = $2 LIMIT 1;

-- change: to its next state, by whoever is first
UPDATE corrections SET status = $2, changed_by = $3, changed_at = clock_timestamp() WHERE change_id = $1 AND status = $4 RETURNING change_id;

-- list: the newest corrections; a null filter does not filter
SELECT change_id, provider, payment_id, case_key, patch, before, at_stake, reason, author, proposed_at, status, changed_by, changed_at
FROM corrections
WHERE ($1::text IS NULL OR provider = $1) AND ($2::text IS NULL OR status = $2)
ORDER BY change_id DESC LIMIT $3;

-- waiting: what waits for another person
SELECT count(*) AS count, coalesce(sum(at_stake), 0)::bigint AS amount, min(proposed_at) AS oldest FROM corrections WHERE status = 'proposed';

-- of_cases: corrections of the payments of these cases, the newest first
SELECT change_id, status, author, patch, before, proposed_at FROM corrections WHERE case_key = ANY ($1::text[]) ORDER BY change_id DESC LIMIT 50;

-- settled_with: what a letter was settled with last
SELECT after FROM operator_acts WHERE target = $1 AND verb = 'dlq.settle' ORDER BY act_id DESC LIMIT 1;

-- unsaid: who took back what a person said of a payment at that time, or proposed to
SELECT change_id, author, proposed_at FROM corrections
WHERE provider = $1 AND payment_id = $2 AND status IN ('proposed', 'applied') AND (patch ->> 'unsaid_at')::timestamptz = $3::timestamptz
ORDER BY change_id DESC LIMIT 1;

-- told: where in the log the facts of a payment stand
SELECT DISTINCT t.step FROM payment_aliases a JOIN payments p ON p.record = a.record
JOIN payment_timeline t ON t.case_key = p.case_key AND t.kind = 'fact'
WHERE a.provider = $1 AND a.alias = $2 ORDER BY t.step LIMIT 1000;
