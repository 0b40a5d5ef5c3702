-- read: Position of a consumer; no row = never ran.
SELECT position FROM checkpoints WHERE consumer = $1 AND version = $2 AND partition = $3;

-- start: Begin at 0 unless it has begun.
INSERT INTO checkpoints (consumer, version, partition, position) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING;

-- advance: Move from the old to the new position; no row when it is not at the old one.
UPDATE checkpoints SET position = $5, updated_at = clock_timestamp()
WHERE consumer = $1 AND version = $2 AND partition = $3 AND position = $4
RETURNING position;

-- start_at_end: Begin at the end of the log unless it has begun.
INSERT INTO checkpoints (consumer, version, partition, position)
SELECT $1, $2, $3, coalesce(max(position), 0) FROM events ON CONFLICT DO NOTHING;
