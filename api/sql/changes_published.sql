-- place: How far the exchange was told.
SELECT p.position FROM changes_published p;

-- advance: Move from the old to the new place; no row when somebody else has moved it. Nobody waits for the disk: after a power cut a page is told again.
UPDATE changes_published SET position = $2, moved_at = clock_timestamp()
WHERE position = $1 AND set_config('synchronous_commit', 'off', true) IS NOT NULL RETURNING position;
