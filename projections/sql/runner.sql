-- members: Generations with a checkpoint: those that are fed.
SELECT v.name, v.version, v.status, c.position
FROM projection_versions v
JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
ORDER BY v.name, v.version;

-- advance: Compare-and-set of the checkpoints of several generations.
UPDATE checkpoints c SET position = $4, updated_at = clock_timestamp()
FROM unnest($1::text[], $2::int[]) AS member (consumer, version)
WHERE c.consumer = member.consumer AND c.version = member.version AND c.partition = 0 AND c.position = $3
RETURNING 1;

-- confirm: Fails the whole statement with a division by zero unless every checkpoint moved. Nothing here needs to reach the disk before
-- the commit returns: rows and checkpoints are lost together or not at all, and the log is still there to fold again.
SELECT 1 / (count(*) = cardinality($1::text[]))::int AS moved, set_config('synchronous_commit', 'off', true) FROM moved;

-- parked_streams: Streams of which an event could not be folded, by generation.
SELECT name, version, stream FROM projection_parked GROUP BY name, version, stream;

-- park: Keep events that wait; the first of a stream says why.
INSERT INTO projection_parked (name, version, position, stream, type, error)
SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING;
