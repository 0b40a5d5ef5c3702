-- newest: The last seal, without its leaves.
SELECT number, after, through, events, root, previous, sealed_at FROM seals ORDER BY number DESC LIMIT 1;

-- leaves: Positions and hashes of the events behind a position, in order; the fields and their order are `FIELDS` in eventstore/seals.py.
SELECT position, sha256('\x00'::bytea || convert_to(concat(
        octet_length(position::text), ':', position::text, ',',
        octet_length(event_id::text), ':', event_id::text, ',',
        octet_length(said.at), ':', said.at, ',',
        octet_length(stream_id::text), ':', stream_id::text, ',',
        octet_length(stream), ':', stream, ',',
        octet_length(version::text), ':', version::text, ',',
        octet_length(type), ':', type, ',',
        octet_length(schema_version::text), ':', schema_version::text, ',',
        octet_length(data::text), ':', data::text, ',',
        octet_length(metadata::text), ':', metadata::text, ','), 'UTF8')) AS leaf
FROM events,
    LATERAL (SELECT to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at) AS said
WHERE position > $1 ORDER BY position LIMIT $2;

-- add: Keep a seal, unless somebody else made the one of that number.
INSERT INTO seals (number, after, through, events, root, previous, sealed_at, leaves) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING RETURNING number;

-- now: The database's clock.
SELECT clock_timestamp();

-- behind: Seals behind a number, in order, without their leaves.
SELECT number, after, through, events, root, previous, sealed_at FROM seals WHERE number > $1 ORDER BY number LIMIT $2;

-- unsealed: Events behind a position up to the head, by their numbers, and seconds since the oldest of them was written.
SELECT (SELECT coalesce(max(position), 0) FROM events) - $1 AS events,
    (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::double precision
     FROM events WHERE position > $1 ORDER BY position LIMIT 1) AS seconds;
