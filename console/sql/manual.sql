-- waiting: Orders that a person confirms, oldest first: those nobody has dealt with, or all.
SELECT r.request_id, r.customer_id, r.amount_idr, r.created_at, r.status, r.code, r.items
FROM payment_requests r
WHERE r.provider = 'manual' AND r.kind = 'order'
    AND ($1 OR (r.status = 'open' AND NOT EXISTS (
        SELECT FROM payment_aliases a JOIN payments p USING (record)
        WHERE a.provider = 'manual' AND a.alias = r.request_id AND p.status NOT IN ('pending', 'authorized')
    )))
ORDER BY r.position LIMIT $2;

-- one: An order that a person confirms; locked, so that two people do not deal with it at once.
SELECT request_id, customer_id, amount_idr, created_at, status, code FROM payment_requests
WHERE request_id = $1 AND provider = 'manual' FOR UPDATE;

-- reject: The order will not be paid.
UPDATE payment_requests SET status = 'refused', slot = NULL, code = 'rejected_by_operator', settled_at = clock_timestamp(), position = $2
WHERE request_id = $1;

-- confirm: What happened to it is in the log; an equal order may be made again.
UPDATE payment_requests SET slot = NULL, settled_at = clock_timestamp(), position = $2 WHERE request_id = $1;
