-- now: the database's clock; workers' clocks may jump
SELECT clock_timestamp();

-- any_due: whether anything that waits for a provider's word is to be asked about now, or waits no more
SELECT EXISTS (
    SELECT FROM fulfilment_waits w LEFT JOIN confirmations k USING (case_key)
    WHERE w.wait_key = ANY($1::text[]) AND (k.case_key IS NULL OR k.next_at <= clock_timestamp())
) OR EXISTS (
    SELECT FROM confirmations k
    WHERE NOT EXISTS (SELECT FROM fulfilment_waits w WHERE w.case_key = k.case_key AND w.wait_key = ANY($1::text[]))
);

-- due: what waits for a provider's word and is to be asked about now, what was never asked about first
SELECT w.case_key, c.kind, c.state
FROM fulfilment_waits w JOIN fulfilment_cases c USING (case_key) LEFT JOIN confirmations k USING (case_key)
WHERE w.wait_key = $1 AND c.kind IN ('payment', 'subscription') AND (k.case_key IS NULL OR k.next_at <= clock_timestamp())
ORDER BY k.next_at NULLS FIRST, w.case_key
LIMIT $2;

-- is_stored: whether intake has this delivery
SELECT EXISTS (SELECT FROM deliveries WHERE delivery_id = $1);

-- answered: what the provider said; the pause before the next question doubles ($9 to $10 seconds), and ends for good $11 days after the first
INSERT INTO confirmations AS k (case_key, provider, payment_id, answer, their_status, their_amount, code, our_amount, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + least($9::double precision, $10) * interval '1 second')
ON CONFLICT (case_key) DO UPDATE SET payment_id = excluded.payment_id, answer = excluded.answer, their_status = excluded.their_status,
    their_amount = excluded.their_amount, code = excluded.code, our_amount = excluded.our_amount, asks = k.asks + 1, asked_at = clock_timestamp(),
    next_at = CASE
        WHEN k.first_asked_at < clock_timestamp() - $11::double precision * interval '1 day' THEN NULL
        ELSE clock_timestamp() + least($9::double precision * power(2, least(k.asks, 30)), $10) * interval '1 second'
    END;

-- forget: answers about what waits no more
DELETE FROM confirmations k
WHERE k.provider = $1 AND NOT EXISTS (SELECT FROM fulfilment_waits w WHERE w.wait_key = $2 AND w.case_key = k.case_key);
