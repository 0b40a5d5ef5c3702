-- watched: Up to where in the log refunds are counted; nobody else counts until the transaction ends.
SELECT position FROM refunds_watched FOR UPDATE;

-- watch: Go on from there.
UPDATE refunds_watched SET position = greatest(position, $1);

-- told: What the log tells of a refund that is known by its provider's id or by ours. The provider's newest word counts; at one time the success.
UPDATE refunds SET status = $4, provider_refund_id = coalesce(provider_refund_id, $2), code = $5, said = NULL, ask = NULL,
    claimed_until = NULL, next_try_at = NULL, position = $6, told_at = $8,
    settled_at = CASE WHEN status = $4 AND settled_at IS NOT NULL THEN settled_at ELSE coalesce($7, settled_at, clock_timestamp()) END
WHERE provider = $1 AND (provider_refund_id = $2 OR (refund_id = $3 AND provider_refund_id IS NULL))
    AND (status NOT IN ('succeeded', 'failed') OR told_at IS NULL AND status <> 'succeeded' OR $8 > told_at OR $8 = told_at AND $4 = 'succeeded')
RETURNING refund_id;

-- known: Whether a refund is known by its provider's id or by ours.
SELECT EXISTS (SELECT FROM refunds WHERE provider = $1 AND (provider_refund_id = $2 OR refund_id = $3));

-- stands: Whether a refund by its provider's id, or ours, is counted and did not fail.
SELECT EXISTS (SELECT FROM refunds WHERE provider = $1 AND (provider_refund_id = $2 OR refund_id = $2) AND status <> 'failed');

-- foreign: A refund that we did not ask for.
INSERT INTO refunds (refund_id, provider, payment_id, names, amount_idr, reason, made_by, status, provider_refund_id, code, created_at,
    settled_at, position, told_at)
VALUES ($1, $2, $3, $4, $5, $6, 'provider', $7, $8, $9, $10, $10, $11, $10);

-- payment: The payment that an id finds, as reads find it, with all its ids, the time here, and the ids of other payments of its case.
SELECT p.record, p.provider, p.payment_id, p.case_key, p.status, p.amount, p.refunded_amount, p.method, p.channel, p.payment_type,
    p.customer_id, p.held, p.paid_at, clock_timestamp() AS now,
    ARRAY(SELECT a.alias FROM payment_aliases a WHERE a.provider = $1 AND a.record = p.record ORDER BY a.alias) AS ids,
    ARRAY(
        SELECT DISTINCT o.payment_id FROM payment_aliases x
        JOIN payment_aliases y ON y.provider = x.provider AND y.alias = x.alias AND y.record <> x.record
        JOIN payments o ON o.record = y.record AND o.case_key = p.case_key
        WHERE x.record = p.record
    ) AS others
FROM payment_aliases f JOIN payments p USING (record)
WHERE f.provider = $1 AND f.alias = $2
ORDER BY p.payment_id = $2 DESC, p.paid_at IS NOT NULL DESC, p.first_position DESC LIMIT 1;

-- taken: Rupiah of a payment that went back or are on their way: all that is counted, and of it what no reader can have seen yet.
SELECT coalesce(sum(r.amount_idr), 0)::bigint AS counted,
    coalesce(sum(r.amount_idr) FILTER (WHERE r.status <> 'succeeded'), 0)::bigint AS under_way
FROM refunds r
WHERE r.provider = $1 AND r.names && $2::text[] AND r.status <> 'failed' AND (r.payment_id = $3 OR r.payment_id <> ALL ($4::text[]));

-- equal: A refund of the same that is still under way; without an amount, of any.
SELECT refund_id FROM refunds
WHERE names @> ARRAY[$2] AND provider = $1 AND payment_id = $2 AND ($3::bigint IS NULL OR amount_idr = $3) AND reason = $4 AND made_by = $5 AND status IN ('reserved', 'pending')
ORDER BY created_at DESC LIMIT 1;

-- insert: A refund that we ask for, before its provider is called.
INSERT INTO refunds (refund_id, provider, payment_id, names, customer_id, amount_idr, reason, made_by, status, ask, created_at, next_try_at,
    position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reserved', $9, $10, clock_timestamp(), $11);

-- claim: This process asks the provider now; nobody else does until the lease ends.
UPDATE refunds SET claimed_until = clock_timestamp() + $2::interval, attempts = attempts + 1
WHERE refund_id = $1 AND status IN ('reserved', 'pending') AND next_try_at <= clock_timestamp()
    AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
RETURNING ask, attempts, provider, status, customer_id, code, clock_timestamp() - created_at AS age;

-- postpone: Nobody knows yet; ask again later.
UPDATE refunds SET claimed_until = NULL, next_try_at = clock_timestamp() + $2::interval, code = $3, said = $4
WHERE refund_id = $1 AND status IN ('reserved', 'pending') RETURNING refund_id;

-- accepted: The provider took it on.
UPDATE refunds SET status = 'pending', provider_refund_id = $2, code = NULL, said = NULL, claimed_until = NULL,
    next_try_at = clock_timestamp() + $3::interval, position = $4
WHERE refund_id = $1 AND status = 'reserved' RETURNING refund_id;

-- ended: The provider says how it ended.
UPDATE refunds SET status = $3, provider_refund_id = $2, code = $4, said = NULL, ask = NULL, claimed_until = NULL, next_try_at = NULL,
    settled_at = clock_timestamp(), told_at = $5, position = $6
WHERE refund_id = $1 AND status IN ('reserved', 'pending') RETURNING refund_id;

-- refused: Nothing goes back.
UPDATE refunds SET status = 'failed', ask = NULL, code = $2, said = $3, retry_after = $4, claimed_until = NULL, next_try_at = NULL,
    settled_at = clock_timestamp(), position = $5
WHERE refund_id = $1 AND status IN ('reserved', 'pending') RETURNING refund_id;

-- due: Refunds whose providers are to be asked.
SELECT refund_id FROM refunds
WHERE next_try_at <= clock_timestamp() AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
ORDER BY next_try_at LIMIT $1;

-- held: Credit was set aside for it.
UPDATE refunds SET set_aside = true WHERE refund_id = $1;

-- to_give_back: Refunds that came to nothing and for which credit is still set aside.
SELECT refund_id, customer_id FROM refunds WHERE set_aside AND status = 'failed' LIMIT $1;

-- given_back: It is not any more.
UPDATE refunds SET set_aside = false WHERE refund_id = $1;

-- find: One refund, and whether its provider is being asked now.
SELECT r.*, r.claimed_until > clock_timestamp() AS calling FROM refunds r WHERE r.refund_id = $1;
