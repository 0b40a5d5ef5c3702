-- head: Position of the newest event; 0 when the log is empty.
SELECT coalesce(max(position), 0) FROM events;

-- after: Events of every type behind a position, in order.
SELECT position, event_id, stream, version, type, schema_version, data, metadata, recorded_at
FROM events WHERE position > $1 ORDER BY position LIMIT $2;

-- after_of_types: Events of some types behind a position in order, then one row without an event id: the head at which they were read.
(SELECT position, event_id, stream, version, type, schema_version, data, metadata, recorded_at
 FROM events WHERE position > $1 AND type = ANY($2::text[]) ORDER BY position LIMIT $3)
UNION ALL
SELECT coalesce(max(position), 0), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM events;

-- stream: Events of one stream from a version on, in order.
SELECT position, event_id, stream, version, type, schema_version, data, metadata, recorded_at
FROM events WHERE stream_id = (SELECT stream_id FROM streams WHERE stream = $1) AND version >= $2 ORDER BY version LIMIT $3;

-- version: Version of a stream.
SELECT version FROM streams WHERE stream = $1;

-- recorded_at: When the event at a position was written.
SELECT recorded_at FROM events WHERE position = $1;

-- lean_after: Like `after_of_types` up to a position, with no more than folds need; the last row, without a type, is the head at which they were read.
(SELECT position, type, schema_version, stream, data
 FROM events
 WHERE position > $1 AND position <= least((SELECT max(position) FROM events), $4) AND type = ANY($2::text[])
 ORDER BY position LIMIT $3)
UNION ALL
SELECT coalesce(max(position), 0), NULL, NULL, NULL, NULL FROM events;

-- newest_data: What the newest event of a type says, of those up to a position. Said as a range and ordered by type too, or a plan that is made once for all types walks
-- back by position, past every event of another type: for what is rare through the whole log.
SELECT data FROM events WHERE type >= $1 AND type <= $1 AND position <= $2 ORDER BY type DESC, position DESC LIMIT 1;

-- with_phone: Customers who registered with a phone number, as its digits without the country or the leading zero.
SELECT DISTINCT data ->> 'customer_id' AS customer_id FROM events
WHERE type = 'customer.registered'
  AND regexp_replace(regexp_replace(data ->> 'phone', '[^0-9]', '', 'g'), '^(62|0)', '') = $1
LIMIT 20;

-- receipts: What the log says of the bytes of some deliveries, by the positions of their receipts.
SELECT position, data ->> 'delivery_id' AS delivery_id, data ->> 'body_sha256' AS sha256 FROM events
WHERE position = ANY($1::bigint[]) AND type = 'webhook.received';

-- of_delivery: What was derived from a delivery, without the data: it stands in the log right behind the delivery's own event.
SELECT position, stream, type, recorded_at
FROM events
WHERE position >= $2 AND position < $2 + $3 AND metadata ->> 'delivery_id' = $1
ORDER BY position;

-- age_behind: Seconds since the oldest event behind a position was written; no row = nothing is behind it.
SELECT extract(epoch FROM clock_timestamp() - recorded_at)::double precision
FROM events WHERE position > $1 ORDER BY position LIMIT 1;

-- exists: Whether this database has a log at all.
SELECT to_regclass('lunas.events') IS NOT NULL;

-- standing: Position of the newest event, and the one that the next event gets; part of a statement.
SELECT coalesce(max(position), 0) AS head, (SELECT last_value + is_called::int FROM events_position_seq) AS next FROM events

-- at_steps: The events at the positions of a part named `steps`; part of a statement.
SELECT e.position, e.event_id, e.stream, e.type, e.recorded_at, e.data, e.metadata
FROM (SELECT DISTINCT position FROM steps) AS s
CROSS JOIN LATERAL (
    SELECT position, event_id, stream, type, recorded_at, data, metadata FROM events WHERE events.position = s.position LIMIT 1
) AS e

-- ages_behind_steps: The head, and seconds since the oldest event behind each position of a part named `steps`; part of a statement.
SELECT s.position, (SELECT coalesce(max(position), 0) FROM events) AS head,
    greatest(extract(epoch FROM clock_timestamp() - oldest.recorded_at), 0)::double precision AS seconds
FROM (SELECT DISTINCT position FROM steps) AS s
LEFT JOIN LATERAL (SELECT recorded_at FROM events WHERE position > s.position ORDER BY position LIMIT 1) AS oldest ON true

-- behind_versions: Streams of a part named `wanted` (stream, version) that exist: their head, and events of some types behind that version; part of a statement.
SELECT s.stream, s.version AS head, e.position, e.type, e.schema_version, e.data
FROM wanted w JOIN streams s ON s.stream = w.stream
LEFT JOIN events e ON e.stream_id = s.stream_id AND e.version > w.version AND e.type = ANY($1::text[])

-- at: Events at some positions.
SELECT position, event_id, stream, version, type, schema_version, data, metadata, recorded_at
FROM events WHERE position = ANY($1::bigint[]);

-- traced_at: The trace contexts in the metadata of events at some positions, of those that have one.
SELECT position, metadata ->> 'traceparent' AS traceparent FROM events WHERE position = ANY($1::bigint[]) AND metadata ->> 'traceparent' IS NOT NULL;

-- reaching: The first event at or behind a position, and when it was written.
SELECT position, recorded_at FROM events WHERE position >= $1 ORDER BY position LIMIT 1;

-- told_before: Of each wanted number the newest event of a type in its stream below a version, in which a field has a value.
SELECT w.number, e.type, e.schema_version, e.data, e.version
FROM unnest($1::int[], $2::text[], $3::int[], $4::text[]) AS w (number, stream, below, value)
JOIN streams s ON s.stream = w.stream
JOIN LATERAL (
    SELECT type, schema_version, data, version FROM events
    WHERE stream_id = s.stream_id AND version < w.below AND type = $5 AND data ->> $6 = w.value
    ORDER BY version DESC LIMIT 1
) AS e ON true;

-- newest_of: What the newest event of a type in a stream says, as type, schema_version, data; nothing when the person was forgotten since.
SELECT type, schema_version, data FROM (
    SELECT type, schema_version, data FROM events
    WHERE stream_id = (SELECT stream_id FROM streams WHERE stream = $1) AND type IN ($2, 'customer.erased') ORDER BY version DESC LIMIT 1
) AS newest
WHERE type = $2;
