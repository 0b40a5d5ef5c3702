-- slot: Requests for the same thing one after another, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended($1, 7821440274));

-- known: Whether anybody registered a customer.
SELECT EXISTS (SELECT FROM registered_addresses r WHERE r.customer_id = $1) OR EXISTS (SELECT FROM customers c WHERE c.customer_id = $1);

-- asked: Customer, key and slot of a request that is wanted; a part.
SELECT $1::text AS customer_id, $2::text AS key, $3::text AS slot

-- ahead: What a new request depends on: its customer's newest registration, whether its key was used, the request in its slot while that can still be paid; the last part of a statement.
SELECT clock_timestamp() AS now, n.type, n.schema_version, n.data,
    EXISTS (SELECT FROM idempotency_keys k WHERE k.idempotency_key = asked.key) AS repeated,
    (
        SELECT r.request_id FROM payment_requests r
        WHERE r.slot = asked.slot AND r.status <> 'refused' AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
            AND NOT EXISTS (
                SELECT FROM payment_aliases a JOIN payments p USING (record)
                WHERE a.provider = r.provider AND a.alias = r.request_id AND p.status NOT IN ('pending', 'authorized')
            )
    ) AS live
FROM asked LEFT JOIN newest n ON true

-- at_once: Record new requests, before their providers are called, unless a key or a slot of theirs is taken: null then.
SELECT requests_at_once($1::text[], $2::text[], $3::int[], $4::text[], $5::int[], $6::uuid[], $7::smallint[], $8::text[], $9::json[],
    $10::json[], $11::json, $12::interval, $13::interval, $14::int);

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

-- opened: The providers wait for the payers; null, and nothing is done, when one of these requests was settled already.
SELECT requests_opened($1::text[], $2::text[], $3::int[], $4::text[], $5::int[], $6::uuid[], $7::smallint[], $8::text[], $9::json[],
    $10::json[], $11::json);

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
    coalesce(p.late, false) AS late, p.held
FROM (SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'payments') AS s
LEFT JOIN payment_requests r ON r.request_id = $1
LEFT JOIN LATERAL (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id AND NOT EXISTS (
        -- What had come before the rest was asked for is not what came for the rest.
        SELECT FROM rests_asked_for rest JOIN payment_requests whole ON whole.request_id = rest.rest_of
        WHERE rest.request_id = r.request_id AND p.held = 'underpaid'
            AND p.amount <= coalesce(whole.charged_idr, whole.amount_idr) - r.amount_idr
    )
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
    r.claimed_until > clock_timestamp() AS calling, p.status AS payment_status, p.paid_at, p.failure_code, coalesce(p.late, false) AS late,
    p.held
FROM seen LEFT JOIN found r ON true
LEFT JOIN LATERAL (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id AND NOT EXISTS (
        -- What had come before the rest was asked for is not what came for the rest.
        SELECT FROM rests_asked_for rest JOIN payment_requests whole ON whole.request_id = rest.rest_of
        WHERE rest.request_id = r.request_id AND p.held = 'underpaid'
            AND p.amount <= coalesce(whole.charged_idr, whole.amount_idr) - r.amount_idr
    )
    ORDER BY p.paid_at IS NOT NULL DESC, p.first_position LIMIT 1
) AS p ON true
ORDER BY r.position DESC;

-- page: What the payment page with this secret's digest shows, and what became of the payment.
SELECT r.request_id, r.kind, r.provider, r.code, coalesce(r.charged_idr, r.amount_idr) AS amount_idr, r.method, r.channel, r.status, r.instrument,
    r.items, r.expires_at, p.status AS payment_status, p.paid_at,
    p.amount - coalesce((
        SELECT coalesce(whole.charged_idr, whole.amount_idr) - r.amount_idr
        FROM rests_asked_for rest JOIN payment_requests whole ON whole.request_id = rest.rest_of WHERE rest.request_id = r.request_id
    ), 0) AS received_idr, p.refunded_amount AS refunded_idr, p.held
FROM payment_requests r
LEFT JOIN LATERAL (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id AND NOT EXISTS (
        -- What had come before the rest was asked for is not what came for the rest.
        SELECT FROM rests_asked_for rest JOIN payment_requests whole ON whole.request_id = rest.rest_of
        WHERE rest.request_id = r.request_id AND p.held = 'underpaid'
            AND p.amount <= coalesce(whole.charged_idr, whole.amount_idr) - r.amount_idr
    )
    ORDER BY p.paid_at IS NOT NULL DESC, p.first_position LIMIT 1
) AS p ON true
WHERE r.page_digest = $1;
