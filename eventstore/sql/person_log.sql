-- stored_in: Everything in these streams as it is stored, and the delivery it came from, in the order of the log.
SELECT e.position, e.stream, e.type, e.recorded_at, e.data, e.metadata ->> 'delivery_id' AS delivery_id, e.metadata ->> 'actor' AS actor
FROM streams s
CROSS JOIN LATERAL (SELECT position, stream, type, recorded_at, data, metadata FROM events WHERE stream_id = s.stream_id OFFSET 0) AS e
WHERE s.stream = ANY($1::text[]) ORDER BY e.position;

-- stored_at: The same at these positions.
SELECT position, stream, type, recorded_at, data, metadata ->> 'delivery_id' AS delivery_id, metadata ->> 'actor' AS actor
FROM events WHERE position = ANY($1::bigint[]) ORDER BY position;

-- destroy: Agree to an erasure that somebody else asked for, and destroy keys; how many there were.
SELECT destroy_keys($1, $2, $3::text[]);
