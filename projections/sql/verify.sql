-- live: The live generation and its position, in the snapshot of the transaction.
SELECT v.version, c.position
FROM projection_versions v
JOIN checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
WHERE v.name = $1 AND v.status = 'live';

-- scratch: New tables are temporary ones until the transaction ends; tables of ours are found behind them.
SELECT set_config('search_path', 'pg_temp, lunas', true);

