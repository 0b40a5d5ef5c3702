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
