-- list: parked streams, the oldest first, each with the oldest letter that holds it up; none when it is about to go on
SELECT parked.stream, parked.provider, parked.parked_at, parked.waiting, parked.amount_idr,
    head.dead_letter_id, head.stage, head.reason, head.event_name, head.letters
FROM (
    SELECT stream, provider, parked_at, waiting, amount_idr FROM parked_streams
    WHERE $1::text IS NULL OR provider = $1
    ORDER BY parked_at LIMIT $2
) AS parked
LEFT JOIN LATERAL (
    SELECT dead_letter_id, stage, reason, event_name, count(*) OVER () AS letters FROM dead_letters
    WHERE dead_letters.stream = parked.stream AND holds AND status IN ('open', 'replaying')
    ORDER BY dead_letter_id LIMIT 1
) AS head ON true
ORDER BY parked.parked_at;

-- one: a parked stream
SELECT stream, provider, parked_at, waiting, amount_idr, released FROM parked_streams WHERE stream = $1;

-- heads: the letters that hold it up, the oldest first
SELECT dead_letter_id, stage, reason, detail, event_name, delivery_id, first_seen, last_seen FROM dead_letters
WHERE stream = $1 AND holds AND status IN ('open', 'replaying')
ORDER BY dead_letter_id LIMIT 100;

-- waiting: what waits behind them, in the order in which it is taken in
SELECT waiting.place, waiting.delivery_id, waiting.received_at, waiting.tries, waiting.message, deliveries.event_name
FROM waiting_deliveries AS waiting LEFT JOIN deliveries ON deliveries.delivery_id = waiting.delivery_id
WHERE waiting.stream = $1
ORDER BY waiting.place LIMIT $2;

-- release: its letters hold it up no more; they stay open
UPDATE dead_letters SET holds = false WHERE stream = $1 AND holds AND status IN ('open', 'replaying')
RETURNING dead_letter_id;

-- parked: how much is parked
SELECT count(*) AS streams, coalesce(sum(waiting), 0)::bigint AS waiting, coalesce(sum(amount_idr), 0)::bigint AS amount, min(parked_at) AS oldest
FROM parked_streams;
