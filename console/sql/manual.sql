-- waiting: Orders that a person confirms, oldest first, and whether money came for them: those nobody has dealt with, or all.
SELECT r.request_id, r.customer_id, r.amount_idr, r.created_at, r.status, r.code, r.items,
    coalesce(money.status IN ('succeeded', 'partially_refunded', 'refunded', 'reversed'), false) AS paid
FROM payment_requests r LEFT JOIN LATERAL (
    SELECT p.status FROM payment_aliases a JOIN payments p USING (record) WHERE a.provider = 'manual' AND a.alias = r.request_id LIMIT 1
) AS money ON true
WHERE r.provider = 'manual' AND r.kind = 'order'
    AND ($1 OR (r.status = 'open' AND coalesce(money.status, 'pending') IN ('pending', 'authorized')))
ORDER BY r.position LIMIT $2;

-- order: One of them, with what was ordered.
SELECT r.request_id, r.customer_id, r.amount_idr, r.created_at, r.status, r.code, r.items,
    coalesce(money.status IN ('succeeded', 'partially_refunded', 'refunded', 'reversed'), false) AS paid
FROM payment_requests r LEFT JOIN LATERAL (
    SELECT p.status FROM payment_aliases a JOIN payments p USING (record) WHERE a.provider = 'manual' AND a.alias = r.request_id LIMIT 1
) AS money ON true
WHERE r.request_id = $1 AND r.provider = 'manual' AND r.kind = 'order';

-- proof: Where the proof of payment is, as whoever confirmed it last has said.
SELECT after ->> 'proof' FROM operator_acts WHERE target = $1 AND verb = 'manual.confirm' ORDER BY act_id DESC LIMIT 1;

-- one: An order that a person confirms; locked, so that two people do not deal with it at once.
SELECT request_id, customer_id, amount_idr, created_at, status, code FROM payment_requests
WHERE request_id = $1 AND provider = 'manual' FOR UPDATE;

-- amount: What an order costs that a person confirms.
SELECT amount_idr FROM payment_requests WHERE request_id = $1 AND provider = 'manual';

-- reject: The order will not be paid.
UPDATE payment_requests SET status = 'refused', slot = NULL, code = 'rejected_by_operator', settled_at = clock_timestamp(), position = $2
WHERE request_id = $1;

-- confirm: What happened to it is in the log; an equal order may be made again.
UPDATE payment_requests SET slot = NULL, settled_at = clock_timestamp(), position = $2 WHERE request_id = $1;
