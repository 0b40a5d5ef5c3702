-- due: Requests whose time is over and whose providers are to be asked; $1: minutes after their end.
SELECT request_id, provider FROM payment_requests
WHERE status = 'open' AND NOT watch_over AND provider = ANY ($2::text[])
    AND coalesce(expires_at, created_at + interval '1 day') + ($1::int[])[asks + 1] * interval '1 minute' <= clock_timestamp()
    AND (watched_until IS NULL OR watched_until <= clock_timestamp())
ORDER BY expires_at LIMIT $3;

-- claim: This process asks; nobody else does until the lease ends.
UPDATE payment_requests r SET watched_until = clock_timestamp() + $2::interval
WHERE r.request_id = $1 AND r.status = 'open' AND NOT r.watch_over AND (r.watched_until IS NULL OR r.watched_until <= clock_timestamp())
RETURNING r.kind, r.provider, r.payment_key, r.asks, r.provider_status, coalesce(r.charged_idr, r.amount_idr) AS to_pay_idr, EXISTS (
    SELECT FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id AND p.paid_at IS NOT NULL AND p.held IS DISTINCT FROM 'awaiting_confirmation'
        AND NOT EXISTS (
            SELECT FROM rests_asked_for rest JOIN payment_requests whole ON whole.request_id = rest.rest_of
            WHERE rest.request_id = r.request_id AND p.held = 'underpaid'
                AND p.amount <= coalesce(whole.charged_idr, whole.amount_idr) - r.amount_idr
        )
) AS paid, EXISTS (
    SELECT FROM payment_aliases a JOIN payments p USING (record)
    WHERE a.provider = r.provider AND a.alias = r.request_id AND p.status NOT IN ('pending', 'authorized')
        AND NOT EXISTS (
            SELECT FROM rests_asked_for rest JOIN payment_requests whole ON whole.request_id = rest.rest_of
            WHERE rest.request_id = r.request_id AND p.held = 'underpaid'
                AND p.amount <= coalesce(whole.charged_idr, whole.amount_idr) - r.amount_idr
        )
) AS ended;

-- asked: What it said; the next time, or never again.
UPDATE payment_requests SET asks = asks + 1, watch_over = $2, watched_until = NULL, provider_status = coalesce($3, provider_status),
    position = coalesce($4, position)
WHERE request_id = $1 AND status = 'open';

-- later: It did not say.
UPDATE payment_requests SET watched_until = clock_timestamp() + $2::interval WHERE request_id = $1 AND status = 'open';
