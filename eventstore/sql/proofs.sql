-- recent: The newest seals, newest first, without their leaves.
SELECT number, after, through, events, root, previous, sealed_at FROM seals ORDER BY number DESC LIMIT $1;

-- next_whole: The first seal behind a number, with its leaves.
SELECT number, after, through, events, root, previous, sealed_at, leaves FROM seals WHERE number > $1 ORDER BY number LIMIT 1;

-- covering: The seal that covers a position, with its leaves.
SELECT number, after, through, events, root, previous, sealed_at, leaves FROM seals WHERE through >= $1 AND after < $1 ORDER BY through LIMIT 1;

-- first_reaching: The number of the first seal that reaches a position.
SELECT number FROM seals WHERE through >= $1 ORDER BY through LIMIT 1;

-- rows: Events of a range as they are stored, with every column that is sealed.
SELECT position, event_id, recorded_at, stream_id, stream, version, type, schema_version, data, metadata
FROM events WHERE position > $1 AND position <= $2 ORDER BY position;

-- rows_at: The same at some positions.
SELECT position, event_id, recorded_at, stream_id, stream, version, type, schema_version, data, metadata
FROM events WHERE position = ANY($1::bigint[]) ORDER BY position;

-- bodies: Digests of what is stored as the bytes of some deliveries.
SELECT delivery_id::text AS delivery_id, sha256(body) AS digest FROM deliveries WHERE delivery_id = ANY($1::uuid[]) AND redacted_at IS NULL;

-- of_deliveries: Where in the log some deliveries were taken in, and their bytes; null where they are gone.
SELECT delivery_id::text AS delivery_id, position, CASE WHEN redacted_at IS NULL THEN body END AS body FROM deliveries WHERE delivery_id = ANY($1::uuid[]) ORDER BY delivery_id;
