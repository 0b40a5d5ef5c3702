-- letters: unresolved dead letters by cause; of a bug its type and place without the line, which moves with every release. Letters from before
-- places had a column of their own tell it in `detail`
SELECT CASE WHEN reason = 'payment_unconfirmed' THEN 'unconfirmed' ELSE 'letters' END AS kind, stage, reason AS error,
    coalesce(place, CASE WHEN reason = 'translator_failed' THEN regexp_replace(detail, ' line [0-9]+$', '') ELSE '' END) AS place,
    provider, event_name AS event, count(*)::int AS count, coalesce(sum(amount), 0)::bigint AS amount,
    count(*) FILTER (WHERE amount IS NULL)::int AS unknown, count(DISTINCT whose)::int AS customers,
    min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM dead_letters WHERE status IN ('open', 'replaying')
GROUP BY 1, 2, 3, 4, 5, 6;

-- held: money in suspense by why it is held
SELECT 'held' AS kind, '' AS stage, reason AS error, coalesce(product, '') AS place, provider, NULL::text AS event, count(*)::int AS count,
    coalesce(sum(amount), 0)::bigint AS amount, count(*) FILTER (WHERE amount IS NULL)::int AS unknown,
    count(DISTINCT coalesce(customer_id, lower(payer_email), suspense_id))::int AS customers, min(since) AS first_seen, max(since) AS last_seen
FROM suspense WHERE status = 'held'
GROUP BY reason, product, provider;

-- states: what people said of problems
SELECT fingerprint, status, owner, changed_by, changed_at FROM problems WHERE fingerprint = ANY ($1::text[]);

-- gone: what people said last of one that is over, by its fingerprint or the beginning of it
SELECT fingerprint, status, changed_by, changed_at FROM problems WHERE starts_with(fingerprint, $1) ORDER BY changed_at DESC LIMIT 1;

-- notes: what people noted about one
SELECT note_id, at, author, note FROM problem_notes WHERE fingerprint = $1 ORDER BY note_id;

-- note: one more
INSERT INTO problem_notes (note_id, fingerprint, author, note) VALUES ($1, $2, $3, $4);

-- change: say a problem's state, unless that is said already and nothing came since
INSERT INTO problems AS p (fingerprint, status, owner, changed_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (fingerprint) DO UPDATE SET status = excluded.status, owner = coalesce(excluded.owner, p.owner), changed_by = excluded.changed_by,
    changed_at = clock_timestamp()
WHERE p.status <> excluded.status OR p.owner IS DISTINCT FROM coalesce(excluded.owner, p.owner) OR p.changed_at < $5
RETURNING fingerprint;

-- examples: the newest letters of one cause
SELECT dead_letter_id, delivery_id, amount, first_seen, last_seen, detail FROM dead_letters
WHERE status IN ('open', 'replaying') AND stage = $1 AND reason = $2 AND provider = $3 AND event_name IS NOT DISTINCT FROM $4
    AND coalesce(place, CASE WHEN reason = 'translator_failed' THEN regexp_replace(detail, ' line [0-9]+$', '') ELSE '' END) = $5
ORDER BY dead_letter_id DESC LIMIT $6;

-- held_examples: the newest held money of one cause
SELECT suspense_id, provider, payment_id, amount, since FROM suspense
WHERE status = 'held' AND reason = $1 AND provider = $2 AND coalesce(product, '') = $3 ORDER BY since DESC LIMIT $4;
