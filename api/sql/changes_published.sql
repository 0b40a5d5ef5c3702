-- place: How far the exchange was told.
SELECT p.position FROM changes_published p;

-- advance: Move from the old to the new place; no row when somebody else has moved it.
UPDATE changes_published SET position = $2, moved_at = clock_timestamp() WHERE position = $1 RETURNING position;
