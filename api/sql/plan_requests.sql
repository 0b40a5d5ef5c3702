-- slot: Requests for the same thing one after another, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended($1, 7821440275));

-- live: The subscription in a slot, while it has not ended. One that moves to another slot keeps the old one until its provider has agreed.
SELECT r.request_id FROM (
    SELECT * FROM plan_requests WHERE slot = $1
    UNION ALL
    SELECT * FROM plan_requests WHERE next_try_at IS NOT NULL AND act ->> 'slot' = $1
) r
WHERE r.status <> 'refused' AND r.ended_at IS NULL AND NOT EXISTS (
    SELECT FROM subscriptions s
    WHERE s.subscription_id = r.provider || ':subscription:' || r.plan_key AND s.status IN ('cancelled', 'expired')
)
LIMIT 1;

-- paid: Until when a customer has paid for a plan by a subscription of ours that is not charged any more.
SELECT max(s.expires_at) FROM subscriptions s
JOIN plan_requests r ON r.provider = s.provider AND r.plan_key = substr(s.subscription_id, length(s.provider || ':subscription:') + 1)
WHERE s.customer_id = $1 AND s.plan = $2 AND s.has_access AND (r.ends = 'period_end' OR s.cancel_at_period_end);

-- free: A slot that may be taken again.
UPDATE plan_requests SET slot = NULL WHERE slot = $1;

-- insert: A new request, before its provider is called.
INSERT INTO plan_requests (
    request_id, customer_id, provider, plan, amount_idr, reference, slot, ask, sold, created_at, next_try_at, position,
    first_charge_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp(), $11, $12);

-- claim: This process calls the provider now; nobody else does until the lease ends.
UPDATE plan_requests SET claimed_until = clock_timestamp() + $2::interval, attempts = attempts + 1
WHERE request_id = $1 AND next_try_at <= clock_timestamp() AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
RETURNING request_id, customer_id, provider, reference, status, ask, sold, act, plan_key, attempts, created_at, code, claimed_until,
    clock_timestamp() - created_at AS age;

-- postpone: Nobody knows yet; look again later.
UPDATE plan_requests SET claimed_until = NULL, next_try_at = clock_timestamp() + $2::interval, code = $3, said = $4
WHERE request_id = $1 AND next_try_at IS NOT NULL RETURNING request_id;

-- opened: The provider has the plan. When its payer should have linked an instrument, somebody looks.
UPDATE plan_requests SET status = 'open', ask = NULL, position = $2, plan_key = $3, action_url = $4, code = NULL, said = NULL,
    claimed_until = NULL, next_try_at = clock_timestamp() + $5::interval, attempts = 0, settled_at = clock_timestamp()
WHERE request_id = $1 AND status = 'requested' RETURNING request_id;

-- refused: There will be no plan.
UPDATE plan_requests SET status = 'refused', slot = NULL, ask = NULL, act = NULL, position = $2, code = $3, said = $4, retry_after = $5,
    claimed_until = NULL, next_try_at = NULL, settled_at = clock_timestamp()
WHERE request_id = $1 AND status = 'requested' RETURNING request_id;

-- released: A turn that was overtaken is over; whatever there is to do now can be done.
UPDATE plan_requests SET claimed_until = NULL WHERE request_id = $1 AND claimed_until = $2;

-- ended: An application wants its end; the provider is to stop charging, unless it was told before.
UPDATE plan_requests SET ends = $2, ended_at = CASE WHEN $2 = 'now' THEN $3 ELSE coalesce(ended_at, $3) END, paid_until = $6, slot = NULL,
    position = $4,
    act = CASE WHEN ended_at IS NULL THEN $5::json ELSE act END, attempts = CASE WHEN ended_at IS NULL THEN 0 ELSE attempts END,
    claimed_until = CASE WHEN ended_at IS NULL THEN NULL ELSE claimed_until END,
    next_try_at = CASE WHEN ended_at IS NULL THEN clock_timestamp() ELSE next_try_at END
WHERE request_id = $1;

-- linked: What readers see of a subscription, for whoever wonders whether it was ever linked.
SELECT s.status FROM subscriptions s WHERE s.subscription_id = $1 || ':subscription:' || $2;

-- looked: Nobody needs to look again.
UPDATE plan_requests SET claimed_until = NULL, next_try_at = NULL, code = NULL, said = NULL
WHERE request_id = $1 AND status = 'open' AND act IS NULL;

-- heard: The same, and what the provider said is in the log.
UPDATE plan_requests SET claimed_until = NULL, next_try_at = NULL, code = NULL, said = NULL, position = $2
WHERE request_id = $1 AND status = 'open' AND act IS NULL AND ends IS NULL RETURNING request_id;

-- unlinked: Nobody linked anything in time; the provider is to stop charging, if anybody does after all.
UPDATE plan_requests SET ends = 'now', ended_at = clock_timestamp(), ended_for = 'never_linked', slot = NULL, position = $2,
    act = json_build_object('number', $2::bigint::text, 'kind', 'stop'), attempts = 0, code = NULL, said = NULL, claimed_until = NULL,
    next_try_at = clock_timestamp()
WHERE request_id = $1 AND status = 'open' AND act IS NULL AND ends IS NULL RETURNING request_id;

-- change: The provider is to charge for another plan. A call about it that is under way comes to its end first.
UPDATE plan_requests SET act = $2, slot = $3, attempts = 0, next_try_at = clock_timestamp(), code = NULL, said = NULL, position = $4
WHERE request_id = $1;

-- changed: The provider charges for another plan from now on; `act` is what is left to do.
UPDATE plan_requests SET position = $2, plan = $4, amount_idr = $5, sold = $6, act = $7
WHERE request_id = $1 AND act ->> 'number' = $3 RETURNING request_id;

-- done: The provider did it.
UPDATE plan_requests SET act = NULL, position = $2, code = NULL, said = NULL, claimed_until = NULL, next_try_at = NULL
WHERE request_id = $1 AND act ->> 'number' = $3 RETURNING request_id;

-- not_done: The provider would not do it.
UPDATE plan_requests SET act = NULL, slot = coalesce(act ->> 'slot', slot), position = $2, code = $4, said = $5, claimed_until = NULL,
    next_try_at = NULL
WHERE request_id = $1 AND act ->> 'number' = $3 RETURNING request_id;

-- due: Requests whose providers are to be asked again.
SELECT request_id FROM plan_requests
WHERE next_try_at <= clock_timestamp() AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
ORDER BY next_try_at LIMIT $1;

-- lock: One request for whoever changes it, and what readers see of its subscription.
SELECT r.*, s.status AS shown_status, s.plan AS shown_plan, s.expires_at, clock_timestamp() AS now FROM plan_requests r
LEFT JOIN subscriptions s ON s.subscription_id = r.provider || ':subscription:' || r.plan_key
WHERE r.request_id = $1 FOR UPDATE OF r;

-- find: One request with what became of its subscription, and where read models stand.
SELECT p.at_position, p.lag, r.*, r.claimed_until > clock_timestamp() AS calling, s.subscription_id, s.plan AS shown_plan, s.tier,
    s.status AS shown_status, s.has_access, s.started_at, s.expires_at, s.access_until, s.cancel_at_period_end,
    coalesce(s.stale, false) AS stale
FROM (SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'subscriptions') AS p
LEFT JOIN plan_requests r ON r.request_id = $1
LEFT JOIN subscriptions s ON s.subscription_id = r.provider || ':subscription:' || r.plan_key;

-- steps: Where in the log a subscription's decisions are; a part of the statement of its history.
SELECT t.step AS position, t.kind FROM payment_timeline t WHERE t.case_key = $1 AND t.kind = 'decision'

-- history: What was decided about it, oldest first; the last part of that statement.
SELECT e.position, e.recorded_at, e.type, e.data FROM happened e
WHERE starts_with(e.type, 'subscription.') AND e.data ->> 'subscription_id' = $1 ORDER BY e.position;
