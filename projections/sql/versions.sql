-- generations: Every generation with its checkpoint; a part of the statement that lists them.
SELECT v.name, v.version, v.status, v.created_at, v.live_at, c.position AS reached, c.updated_at,
    coalesce(c.position, 0) AS position,
    (SELECT count(*) FROM projection_parked p WHERE p.name = v.name AND p.version = v.version) AS parked
FROM projection_versions v
LEFT JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0

-- list: All of them with head and lag, newest first; the last part of that statement.
SELECT s.name, s.version, s.status, s.created_at, s.live_at, s.reached, s.updated_at, a.head,
    coalesce(a.seconds, 0)::double precision AS lag_seconds, s.parked
FROM steps s JOIN ages a USING (position)
ORDER BY s.name, s.version DESC;

-- lock: One change of generations at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(7821440272);

-- missing: Which of these projections have no live generation.
SELECT name FROM unnest($1::text[]) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM projection_versions v WHERE v.name = wanted.name AND v.status = 'live');

-- next: Number of the next generation.
SELECT coalesce(max(version), 0) + 1 FROM projection_versions WHERE name = $1;

-- create: A new generation that is being built.
INSERT INTO projection_versions (name, version, status) VALUES ($1, $2, 'building');

-- start: Its checkpoint; from here on it is fed.
INSERT INTO checkpoints (consumer, version, partition, position) VALUES ($1, $2, 0, $3);

-- live: The live generation and its position, locked against everybody who feeds it.
SELECT v.version, c.position
FROM projection_versions v
JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
WHERE v.name = $1 AND v.status = 'live' FOR UPDATE OF c;

-- position: Position of one generation, locked against everybody who feeds it.
SELECT c.position
FROM projection_versions v
JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
WHERE v.name = $1 AND v.version = $2 FOR UPDATE OF c;

-- candidate: The newest generation that is fed and newer than the live one.
SELECT v.version FROM projection_versions v
JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
WHERE v.name = $1 AND v.version > (SELECT version FROM projection_versions WHERE name = $1 AND status = 'live')
ORDER BY v.version DESC LIMIT 1;

-- previous: The newest generation that was live once and is older than the live one.
SELECT version FROM projection_versions
WHERE name = $1 AND status = 'retired' AND version < (SELECT version FROM projection_versions WHERE name = $1 AND status = 'live')
ORDER BY version DESC LIMIT 1;

-- hold: One rebuild of a projection at a time; held by the session.
SELECT pg_try_advisory_lock(hashtextextended($1, 7821440272));

-- let_go: End of a rebuild.
SELECT pg_advisory_unlock(hashtextextended($1, 7821440272));

-- retire: What is live is not any more; it is still fed, so that rolling back shows nothing older.
UPDATE projection_versions SET status = 'retired' WHERE name = $1 AND status = 'live';

-- promote: Make a generation the live one.
UPDATE projection_versions SET status = 'live', live_at = clock_timestamp() WHERE name = $1 AND version = $2;

-- unread: True while a generation is there and not live.
SELECT true FROM projection_versions WHERE name = $1 AND version = $2 AND status <> 'live';

-- stop: A generation is not fed any more.
DELETE FROM checkpoints WHERE consumer = 'projection.' || $1 AND version = $2;

-- forget: A generation is gone.
DELETE FROM projection_versions WHERE name = $1 AND version = $2;

-- droppable: Generations nobody reads: retired ones, or abandoned builds.
SELECT version FROM projection_versions WHERE name = $1 AND status <> 'live' ORDER BY version;
