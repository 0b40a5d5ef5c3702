-- positions: How far each live projection is.
SELECT v.name, c.position
FROM projection_versions v
JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
WHERE v.status = 'live';

-- customer: One customer.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('customers', 'balances')
)
SELECT seen.at_position, seen.lag, $1::text AS customer_id, c.email, c.name, c.phone, b.tier,
    coalesce(c.stale, false) OR coalesce(b.stale, false) AS stale,
    c.customer_id IS NOT NULL OR b.customer_id IS NOT NULL AS known
FROM seen LEFT JOIN customers c ON c.customer_id = $1 LEFT JOIN balances b ON b.customer_id = $1;

-- customers_by_email: Customers with one normalised e-mail, oldest id first.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('customers', 'balances')
)
SELECT seen.at_position, seen.lag, c.customer_id, c.email, c.name, c.phone, b.tier,
    coalesce(c.stale, false) OR coalesce(b.stale, false) AS stale
FROM seen
LEFT JOIN customers c ON c.email_normalized = $1
LEFT JOIN balances b ON b.customer_id = c.customer_id
ORDER BY c.customer_id LIMIT $2;

-- balance: The balance of one customer, zeros for one without money.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions
    WHERE name IN ('customers', 'balances', 'spending')
)
SELECT seen.at_position, seen.lag, b.tier, b.tier_until, b.credit_tokens, b.chat_tokens, b.topped_up_idr, b.spent_tokens,
    b.last_top_up_at, b.last_top_up_idr, s.spent_idr, s.reserved_tokens, coalesce(s.frozen, false) AS frozen,
    coalesce(b.stale, false) OR coalesce(s.stale, false) AS stale,
    c.customer_id IS NOT NULL OR b.customer_id IS NOT NULL AS known
FROM seen LEFT JOIN customers c ON c.customer_id = $1 LEFT JOIN balances b ON b.customer_id = $1
LEFT JOIN spending s ON s.customer_id = $1;

-- subscriptions: Subscriptions of one customer, newest first.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('customers', 'subscriptions')
), found AS (
    SELECT * FROM subscriptions WHERE customer_id = $1 AND ($2::bigint IS NULL OR first_position < $2)
    ORDER BY first_position DESC LIMIT $3
)
SELECT seen.at_position, seen.lag, s.*,
    s.customer_id IS NOT NULL OR EXISTS (SELECT FROM customers WHERE customer_id = $1)
        OR EXISTS (SELECT FROM subscriptions WHERE customer_id = $1) AS known
FROM seen LEFT JOIN found s ON true ORDER BY s.first_position DESC;

-- tier_steps: A page of a customer's changes of tier, newest first; a part of the statement of them.
SELECT t.step AS position, t.tier, t.until, t.fallback_tier, t.reason FROM tier_changes t
WHERE t.customer_id = $1 AND ($2::bigint IS NULL OR t.step < $2) ORDER BY t.step DESC LIMIT $3

-- tiers: When each was made, and where read models stand; the last part of that statement.
SELECT seen.at_position, seen.lag, s.position, s.tier, s.until, s.fallback_tier, s.reason, e.recorded_at AS since,
    s.position IS NOT NULL OR EXISTS (SELECT FROM customers WHERE customer_id = $1)
        OR EXISTS (SELECT FROM balances WHERE customer_id = $1) AS known
FROM (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('customers', 'balances', 'tiers')
) AS seen LEFT JOIN steps s ON true LEFT JOIN happened e ON e.position = s.position
ORDER BY s.position DESC;

-- enrollments: Courses of one customer, newest first.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('customers', 'enrollments')
), found AS (
    SELECT * FROM enrollments
    WHERE customer_id = $1 AND ($2::timestamptz IS NULL OR (granted_at, course) < ($2, $3::text))
    ORDER BY granted_at DESC, course DESC LIMIT $4
)
SELECT seen.at_position, seen.lag, e.*,
    e.customer_id IS NOT NULL OR EXISTS (SELECT FROM customers WHERE customer_id = $1)
        OR EXISTS (SELECT FROM enrollments WHERE customer_id = $1) AS known
FROM seen LEFT JOIN found e ON true ORDER BY e.granted_at DESC, e.course DESC;

-- payments: Payments of one customer, newest first.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('customers', 'payments')
), found AS (
    SELECT * FROM payments WHERE customer_id = $1 AND ($2::bigint IS NULL OR first_position < $2)
    ORDER BY first_position DESC LIMIT $3
)
SELECT seen.at_position, seen.lag, p.*,
    p.customer_id IS NOT NULL OR EXISTS (SELECT FROM customers WHERE customer_id = $1)
        OR EXISTS (SELECT FROM payments WHERE customer_id = $1) AS known
FROM seen LEFT JOIN found p ON true ORDER BY p.first_position DESC;

-- payment: The payment that an id finds: by its own id first, then one that received money, then the newest.
WITH seen AS (
    SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'payments'
), found AS (
    SELECT p.* FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = $1 AND a.alias = $2
    ORDER BY p.payment_id = $2 DESC, p.paid_at IS NOT NULL DESC, p.first_position DESC LIMIT 1
)
SELECT seen.at_position, seen.lag, p.*,
    ARRAY(SELECT a.alias FROM payment_aliases a WHERE a.provider = $1 AND a.record = p.record ORDER BY a.alias) AS ids
FROM seen LEFT JOIN found p ON true;

-- steps: Where in the log the case of a payment and cases that were merged into it happened; a part of the statement of their timeline.
SELECT t.step AS position, t.kind FROM payment_timeline t
WHERE t.case_key = ANY(ARRAY[$1] || ARRAY(SELECT m.record FROM payment_merges m WHERE m.into_record = $1))

-- timeline: Everything that happened there, in order; the last part of that statement.
SELECT t.position, t.kind, e.type, e.stream, e.recorded_at, e.event_id::text AS event_id,
    e.metadata ->> 'causation_id' AS causation_id, e.metadata ->> 'actor' AS actor, e.data,
    d.delivery_id::text AS delivery_id, d.event_name, d.received_at, d.status,
    (SELECT coalesce(json_agg(json_build_object(
            'delivery_id', x.delivery_id, 'received_at', x.received_at, 'status', x.status
        ) ORDER BY x.received_at, x.delivery_id), '[]')
     FROM deliveries x
     WHERE x.provider = d.provider AND x.dedupe_key = d.dedupe_key AND x.delivery_id <> d.delivery_id) AS duplicates
FROM steps t
JOIN happened e USING (position)
LEFT JOIN deliveries d ON d.delivery_id = (e.metadata ->> 'delivery_id')::uuid AND t.kind = 'fact'
ORDER BY t.position;

-- suspense: Held money, newest first.
WITH seen AS (
    SELECT position AS at_position, lag_seconds AS lag FROM projection_positions WHERE name = 'suspense'
), found AS (
    SELECT * FROM suspense
    WHERE status = 'held' AND ($1::timestamptz IS NULL OR (since, suspense_id) < ($1, $2::text))
    ORDER BY since DESC, suspense_id DESC LIMIT $3
)
SELECT seen.at_position, seen.lag, s.* FROM seen LEFT JOIN found s ON true ORDER BY s.since DESC, s.suspense_id DESC;

-- entitlements: Everything that decides access for one customer, and when quotas start anew.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions
    WHERE name IN ('customers', 'balances', 'subscriptions', 'enrollments', 'spending')
)
SELECT seen.at_position, seen.lag, b.tier, b.tier_until, b.credit_tokens, b.chat_tokens, coalesce(u.frozen, false) AS frozen,
    u.month_tokens, u.month_papers, u.day_tokens,
    coalesce(b.stale, false) OR coalesce(c.stale, false) OR coalesce(u.stale, false)
        OR coalesce((SELECT bool_or(s.stale) FROM subscriptions s WHERE s.customer_id = $1), false)
        OR coalesce((SELECT bool_or(e.stale) FROM enrollments e WHERE e.customer_id = $1), false) AS stale,
    ARRAY(SELECT e.course FROM enrollments e WHERE e.customer_id = $1 AND e.status = 'active' ORDER BY e.course) AS courses,
    (SELECT coalesce(json_agg(json_build_object(
            'plan', s.plan, 'tier', s.tier, 'status', s.status, 'access_until', s.access_until
        ) ORDER BY s.first_position DESC), '[]')
     FROM subscriptions s WHERE s.customer_id = $1 AND s.has_access) AS plans,
    (date_trunc('day', now() AT TIME ZONE 'Asia/Jakarta') + interval '1 day') AT TIME ZONE 'Asia/Jakarta' AS next_day,
    (date_trunc('month', now() AT TIME ZONE 'Asia/Jakarta') + interval '1 month') AT TIME ZONE 'Asia/Jakarta' AS next_month,
    c.customer_id IS NOT NULL OR b.customer_id IS NOT NULL
        OR EXISTS (SELECT FROM subscriptions s WHERE s.customer_id = $1)
        OR EXISTS (SELECT FROM enrollments e WHERE e.customer_id = $1) AS known
FROM seen LEFT JOIN customers c ON c.customer_id = $1 LEFT JOIN balances b ON b.customer_id = $1
LEFT JOIN spending u ON u.customer_id = $1;

-- ledger: Sums per unit.
WITH seen AS (
    SELECT min(position) AS at_position, max(lag_seconds) AS lag FROM projection_positions WHERE name IN ('ledger', 'backing')
)
SELECT seen.at_position, seen.lag, t.unit, t.accounts, t.debits, t.credits, t.debits + t.credits AS sum, t.stale
FROM seen LEFT JOIN ledger_totals t ON true ORDER BY t.unit;

-- unbacked: What was moved that no fact told of, per provider.
SELECT provider, unbacked AS amount, cases, stale FROM backing WHERE name LIKE 'total %' ORDER BY provider;
