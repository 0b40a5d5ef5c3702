-- records: What our records say of a licence, the one that opens something first; whether a customer is known; and where we stand.
SELECT seen.position AS at_position, seen.lag_seconds AS lag, clock_timestamp() AS now, s.subscription_id, s.customer_id, s.plan, s.tier,
    s.status, s.has_access, s.expires_at, s.access_until, coalesce(s.position, 0) AS records_at,
    $2::text IS NULL OR EXISTS (SELECT FROM customers c WHERE c.customer_id = $2)
        OR EXISTS (SELECT FROM registered_addresses r WHERE r.customer_id = $2) AS known
FROM projection_positions seen
LEFT JOIN LATERAL (
    SELECT * FROM subscriptions x WHERE x.licence_code = $1
    ORDER BY x.has_access DESC, x.first_position DESC LIMIT 1
) AS s ON true
WHERE seen.name = 'subscriptions';

-- checks: What the provider said last, of these products.
SELECT product_id, checked_at, records_at, word, clock_timestamp() - checked_at AS age
FROM licence_checks WHERE code_sha256 = $1 AND provider = $2 AND product_id = ANY($3::text[]);

-- bought: Whose the payment was that a licence was sold with, and their subscription at its provider that no webhook named a code of, where it is one.
SELECT p.customer_id, s.subscription_id, s.plan, s.tier, s.status, s.has_access, s.expires_at, s.access_until
FROM payment_aliases a
JOIN payments p USING (record)
LEFT JOIN LATERAL (
    SELECT x.*, count(*) OVER () AS of_them FROM subscriptions x
    WHERE x.customer_id = p.customer_id AND x.provider = $1 AND x.licence_code IS NULL
) AS s ON s.of_them = 1
WHERE a.provider = $1 AND a.alias = $2 AND p.customer_id IS NOT NULL
ORDER BY p.payment_id = $2 DESC, p.paid_at IS NOT NULL DESC, p.first_position DESC LIMIT 1;

-- keep: What it said now.
INSERT INTO licence_checks AS c (code_sha256, provider, product_id, checked_at, records_at, word)
VALUES ($1, $2, $3, clock_timestamp(), $4, $5)
ON CONFLICT (code_sha256, provider, product_id) DO UPDATE SET checked_at = excluded.checked_at, records_at = excluded.records_at,
    word = excluded.word
RETURNING checked_at;

-- forget: What it said before something was changed.
DELETE FROM licence_checks WHERE code_sha256 = $1 AND provider = $2;

-- expire: What nobody may be told any more.
DELETE FROM licence_checks WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM licence_checks WHERE checked_at < clock_timestamp() - $1::interval ORDER BY checked_at LIMIT $2
));
