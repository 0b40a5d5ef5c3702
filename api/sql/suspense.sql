-- one: One entry, whatever became of it, and where readers stand.
WITH seen AS (
    SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'suspense'
)
SELECT seen.at_position, seen.lag, s.* FROM seen LEFT JOIN suspense s ON s.suspense_id = $1;

-- heard: How far decisions on facts, and what readers see of held money, have come.
SELECT (SELECT position FROM checkpoints WHERE consumer = 'fulfilment' ORDER BY version DESC LIMIT 1) AS decided,
    (SELECT position FROM projection_positions WHERE name = 'suspense') AS shown;

-- customer: Whether this customer is registered.
SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1);

-- refund: The newest refund of a payment that is under way or was made, and who asked for it.
SELECT r.refund_id, r.status, r.created_at, r.position, coalesce(a.actor, r.made_by) AS actor
FROM refunds r
LEFT JOIN LATERAL (
    SELECT actor FROM operator_acts WHERE target = $3 AND after ->> 'refund_id' = r.refund_id ORDER BY act_id DESC LIMIT 1
) AS a ON true
WHERE r.provider = $1 AND r.names && ARRAY[$2] AND r.status <> 'failed'
ORDER BY r.created_at DESC LIMIT 1;

-- by_hand: The newest record that money of an entry went back by hand, of those that were not taken back, and the time here.
SELECT r.refund_id, r.position, r.amount_idr, a.after ->> 'proof' AS proof, clock_timestamp() AS now
FROM operator_acts a JOIN refunds r ON r.refund_id = a.after ->> 'refund_id'
WHERE a.target = $1 AND a.verb = 'suspense.refund' AND a.after ->> 'proof' IS NOT NULL AND r.status = 'succeeded'
ORDER BY r.position DESC LIMIT 1;

-- taken_back: A refund by hand that never was.
UPDATE refunds SET status = 'failed', code = $2, told_at = $3, settled_at = clock_timestamp(), position = $4 WHERE refund_id = $1;

-- taken_back_at: Where in the log the newest refund by hand was taken back; 0 when none was.
SELECT coalesce(max(r.position), 0) FROM operator_acts a JOIN refunds r ON r.refund_id = a.after ->> 'refund_id'
WHERE a.target = $1 AND a.verb = 'suspense.unrefund';

-- newest_act: What a person did about an entry last.
SELECT at, actor, verb FROM operator_acts WHERE target = $1 ORDER BY act_id DESC LIMIT 1;

-- act: Who did what, in the transaction that did it.
INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- acts: What persons did about an entry, oldest first.
SELECT act_id, at, actor, verb, reason, undo FROM operator_acts WHERE target = $1 ORDER BY act_id;

-- facts: What was told of the case, in the order of the log; the last part of that statement.
SELECT t.position, e.type, e.data, e.metadata ->> 'delivery_id' AS delivery_id
FROM steps t JOIN happened e USING (position)
WHERE t.kind = 'fact'
ORDER BY t.position;

-- bodies: What was sent, exactly. Not for the API's role.
SELECT body FROM deliveries WHERE delivery_id = ANY ($1::uuid[]) ORDER BY delivery_id LIMIT $2;

-- people: Customers by their ids.
SELECT customer_id, email_normalized, phone, name FROM customers WHERE customer_id = ANY ($1::text[]);

-- by_id: Customers with one of these ids.
SELECT customer_id FROM customers WHERE customer_id = ANY ($1::text[]) LIMIT $2;

-- by_email: Customers with one of these addresses.
SELECT customer_id FROM customers WHERE email_normalized = ANY ($1::text[]) LIMIT $2;

-- earlier: Whose payments of these payers were, by spellings of the address in lower case.
SELECT p.customer_id, count(*) AS payments
FROM unnest($1::text[]) AS spelling
CROSS JOIN LATERAL (
    SELECT customer_id FROM payments
    WHERE lower(payer_email) = spelling AND payer_email IS NOT NULL AND customer_id IS NOT NULL AND paid_at IS NOT NULL
        AND case_key <> $2
    ORDER BY first_position DESC LIMIT $3
) AS p
GROUP BY p.customer_id;

-- asked: Requests of ours that these references name, and those of this amount that were open when the money came and that nobody has paid.
SELECT r.request_id, r.customer_id, coalesce(r.charged_idr, r.amount_idr) AS amount, r.created_at, r.method, r.channel
FROM payment_requests r
WHERE r.request_id = ANY ($1::text[])
UNION
SELECT * FROM (
    SELECT r.request_id, r.customer_id, coalesce(r.charged_idr, r.amount_idr) AS amount, r.created_at, r.method, r.channel
    FROM payment_requests r
    WHERE coalesce(r.charged_idr, r.amount_idr) = $2 AND r.created_at BETWEEN $3 AND $4 AND r.status <> 'refused'
        AND NOT EXISTS (
            SELECT FROM payment_aliases a JOIN payments p ON p.record = a.record
            WHERE a.provider = r.provider AND a.alias = r.request_id AND p.paid_at IS NOT NULL
        )
    ORDER BY r.created_at DESC LIMIT $5
) AS near;

-- asked_for: The request of ours that held money came for, by a name of its payment: how much it asked for and how much came, the newest request for its rest, and the time here.
SELECT clock_timestamp() AS now, r.request_id, r.kind, r.method, r.channel, r.customer_id, coalesce(r.charged_idr, r.amount_idr) AS asked_idr,
    p.amount AS came_idr, p.refunded_amount AS refunded_idr, n.request_id AS rest_id, n.status AS rest_status, n.amount_idr AS rest_idr,
    n.expires_at AS rest_expires_at, n.created_at AS rest_since, n.code AS rest_code, n.page_secret AS rest_secret, n.asked_by AS rest_by
FROM payment_aliases a JOIN payments p USING (record)
JOIN payment_requests r ON r.request_id = p.reference_id AND r.provider = a.provider
LEFT JOIN LATERAL (
    SELECT one.*, rest.asked_by
    FROM rests_asked_for rest JOIN payment_requests one USING (request_id)
    WHERE rest.rest_of = r.request_id ORDER BY rest.request_id DESC LIMIT 1
) AS n ON true
WHERE a.provider = $1 AND a.alias = $2 LIMIT 1;

-- ask_rest: A request for the rest, for whoever keeps time in the API to call its provider at once.
WITH asked AS (
    INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, status, ask, expires_at, created_at,
        next_try_at, position, page_secret, page_digest)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'requested', $8, $9, $10, clock_timestamp(), $11, $12, $13)
)
INSERT INTO rests_asked_for (request_id, rest_of, suspense_id, asked_by) VALUES ($1, $14, $15, $16);
