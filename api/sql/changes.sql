-- reached: How far the read models that changes are told of are together.
SELECT min(p.position) AS reached FROM projection_positions p WHERE p.name = ANY($1::text[]);

-- payment: Payments by record, as readers see them.
SELECT p.record AS key, p.* FROM payments p WHERE p.record = ANY($1::text[]);

-- balance: Balances by customer, with what was reserved and spent.
SELECT k.key, b.tier, b.tier_until, b.credit_tokens, b.chat_tokens, b.topped_up_idr, b.spent_tokens,
    b.last_top_up_at, b.last_top_up_idr, s.spent_idr, s.reserved_tokens, coalesce(s.frozen, false) AS frozen,
    coalesce(b.stale, false) OR coalesce(s.stale, false) AS stale
FROM unnest($1::text[]) AS k(key)
LEFT JOIN balances b ON b.customer_id = k.key LEFT JOIN spending s ON s.customer_id = k.key;

-- subscription: Subscriptions by id.
SELECT s.subscription_id AS key, s.* FROM subscriptions s WHERE s.subscription_id = ANY($1::text[]);

-- enrollment: Courses by customer and course.
SELECT e.* FROM unnest($1::text[], $2::text[]) AS k(customer_id, course)
JOIN enrollments e ON e.customer_id = k.customer_id AND e.course = k.course;

-- suspense: Held money, and what was held, by id.
SELECT s.suspense_id AS key, s.* FROM suspense s WHERE s.suspense_id = ANY($1::text[]);
