-- slot: Requests for the same thing one after another, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended($1, 7821440274));

-- customer: Who a customer is, and what time it is here.
SELECT clock_timestamp() AS now, c.name, c.email, c.phone,
    c.customer_id IS NOT NULL OR EXISTS (SELECT FROM registered_addresses r WHERE r.customer_id = $1) AS known
FROM (SELECT 1) AS one LEFT JOIN customers c ON c.customer_id = $1;

-- live: The request in a slot, while it can still be paid.
SELECT r.request_id FROM payment_requests r
WHERE r.slot = $1 AND r.status <> 'refused' AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
    AND NOT EXISTS (
        SELECT FROM payment_aliases a JOIN payments p USING (record)
        WHERE a.provider = r.provider AND a.alias = r.request_id AND p.status NOT IN ('pending', 'authorized')
    );

-- free: A slot that may be taken again.
UPDATE payment_requests SET slot = NULL WHERE slot = $1;

-- insert: A new request, before its provider is called.
INSERT INTO payment_requests (
    request_id, kind, customer_id, provider, amount_idr, method, channel, slot, status, ask, instrument, items, expires_at,
    created_at, next_try_at, position, page_secret, page_digest
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, clock_timestamp(), $15, $16, $17);

-- claim: This process calls the provider now; nobody else does until the lease ends.
UPDATE payment_requests SET claimed_until = clock_timestamp() + $2::interval, attempts = attempts + 1
WHERE request_id = $1 AND status = 'requested' AND next_try_at <= clock_timestamp()
    AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
RETURNING ask, attempts, provider, clock_timestamp() - created_at AS age, clock_timestamp() - asked_at AS asked_ago;

-- told: The provider's id of the money that came for it, when its webhook was faster than any answer.
SELECT p.payment_id FROM payment_aliases a JOIN payments p USING (record)
WHERE a.provider = $2 AND a.alias = $1 AND p.paid_at IS NOT NULL
ORDER BY p.first_position LIMIT 1;

-- asking: The provider is about to be asked to make it.
UPDATE payment_requests SET asked_at = clock_timestamp() WHERE request_id = $1;

-- postpone: Nobody knows yet; look again later.
UPDATE payment_requests SET claimed_until = NULL, next_try_at = clock_timestamp() + $2::interval, code = $3, said = $4
WHERE request_id = $1 AND status = 'requested' RETURNING request_id;

-- opened: The provider waits for the payer.
UPDATE payment_requests SET status = 'open', ask = NULL, payment_key = $2, provider_status = $3, instrument = $4,
    expires_at = coalesce(expires_at, $5), charged_idr = nullif($6, amount_idr), code = NULL, said = NULL, claimed_until = NULL,
    next_try_at = NULL, settled_at = clock_timestamp(), position = $7
WHERE request_id = $1 AND status = 'requested' RETURNING request_id;

-- refused: It will not be paid.
UPDATE payment_requests SET status = 'refused', slot = NULL, ask = NULL, code = $2, said = $3, retry_after = $4,
    claimed_until = NULL, next_try_at = NULL, settled_at = clock_timestamp(), position = $5
WHERE request_id = $1 AND status = 'requested' RETURNING request_id;

-- still_open: A request that its provider waits for, held until the transaction ends.
SELECT request_id FROM payment_requests WHERE request_id = $1 AND status = 'open' FOR UPDATE;

-- cancelled: Its payer did not want it after all, and its provider has let it go.
UPDATE payment_requests SET status = 'refused', slot = NULL, code = $2, settled_at = clock_timestamp(), position = $3
WHERE request_id = $1 AND status = 'open';

-- due: Requests whose providers are to be asked again.
SELECT request_id FROM payment_requests
WHERE status = 'requested' AND next_try_at <= statement_timestamp() AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
ORDER BY next_try_at LIMIT $1;

-- find: One request with what became of its payment, and where read models stand.
SELECT s.at_position, s.lag, r.request_id, r.kind, r.customer_id, r.provider, r.amount_idr, r.method, r.channel, r.status,
    coalesce(r.charged_idr, r.amount_idr) AS to_pay_idr, r.payment_key, r.provider_status, r.instrument, r.items, r.code, r.retry_after, r.expires_at, r.created_at, r.position, r.attempts,
    r.page_secret, r.claimed_until > clock_timestamp() AS calling, p.status AS payment_status, p.paid_at, p.failure_code,
    coalesce(p.late, false) AS late
FROM (SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'payments') AS s
LEFT JOIN payment_requests r ON r.request_id = $1
LEFT JOIN LATERAL (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id
    ORDER BY p.paid_at IS NOT NULL DESC, p.first_position LIMIT 1
) AS p ON true;

-- of_customer: Requests of one customer, newest first.
WITH seen AS (
    SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'payments'
), found AS (
    SELECT * FROM payment_requests r
    WHERE r.customer_id = $1 AND r.kind = $2 AND ($3::bigint IS NULL OR r.position < $3)
    ORDER BY r.position DESC LIMIT $4
)
SELECT seen.at_position, seen.lag, r.*, coalesce(r.charged_idr, r.amount_idr) AS to_pay_idr,
    r.claimed_until > clock_timestamp() AS calling, p.status AS payment_status, p.paid_at, p.failure_code, coalesce(p.late, false) AS late
FROM seen LEFT JOIN found r ON true
LEFT JOIN LATERAL (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id
    ORDER BY p.paid_at IS NOT NULL DESC, p.first_position LIMIT 1
) AS p ON true
ORDER BY r.position DESC;

-- page: What the payment page with this secret's digest shows, and what became of the payment.
SELECT r.request_id, r.kind, r.provider, r.code, coalesce(r.charged_idr, r.amount_idr) AS amount_idr, r.method, r.channel, r.status, r.instrument,
    r.items, r.expires_at, p.status AS payment_status, p.paid_at, p.amount AS received_idr
FROM payment_requests r
LEFT JOIN LATERAL (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id
    ORDER BY p.paid_at IS NOT NULL DESC, p.first_position LIMIT 1
) AS p ON true
WHERE r.page_digest = $1;
