-- pending: how many of these bodies are stored, how many refused requests are kept, and how far the slowest reader is
SELECT (SELECT count(DISTINCT body_sha256) FROM deliveries WHERE body_sha256 = ANY ($1::bytea[])) AS stored,
       (SELECT count(*) FROM quarantine) AS kept,
       (SELECT min(position) FROM checkpoints) AS slowest;

-- paid: rupiah received per customer, and of it given back
SELECT customer_id, sum(amount)::bigint AS paid, sum(refunded_amount)::bigint AS refunded
FROM payments
WHERE customer_id IS NOT NULL AND held IS NULL AND status IN ('succeeded', 'partially_refunded', 'refunded')
GROUP BY customer_id;

-- held: money in suspense by reason
SELECT reason, count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount
FROM suspense WHERE status = 'held' GROUP BY reason ORDER BY reason;

-- parked: unresolved dead letters
SELECT provider, reason, message
FROM dead_letters WHERE status IN ('open', 'replaying') ORDER BY provider, reason, dead_letter_id;

-- rejected: refused requests by provider and cause
SELECT provider, cause, count(*) AS count FROM quarantine GROUP BY provider, cause ORDER BY provider, cause;

-- outcomes: deliveries by outcome
SELECT status, count(*) AS count FROM deliveries GROUP BY status ORDER BY count(*) DESC, status;

-- bodies: what is stored, to be hashed again
SELECT body, body_sha256 FROM deliveries;

-- ledger: sum of all postings per unit
SELECT unit, sum(balance)::bigint AS sum, sum(abs(balance))::bigint AS turnover FROM ledger GROUP BY unit ORDER BY unit;

-- received: rupiah that providers owe or paid out to us, and what they keep
SELECT coalesce(sum(balance), 0)::bigint FROM ledger WHERE unit = 'IDR' AND (account LIKE 'clearing:%' OR account LIKE 'fees:%');

-- timing: how long deliveries took from HTTP to the log, in milliseconds
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY processing_ms) AS p50,
       percentile_disc(0.99) WITHIN GROUP (ORDER BY processing_ms) AS p99
FROM deliveries;
