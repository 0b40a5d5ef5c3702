-- archived: a file that is whole
INSERT INTO log_archives (part, through, file, events, first_seal, last_seal, sha256, archived_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (part) DO UPDATE SET through = excluded.through, file = excluded.file, events = excluded.events, first_seal = excluded.first_seal,
    last_seal = excluded.last_seal, sha256 = excluded.sha256, archived_at = clock_timestamp(), archived_by = excluded.archived_by;

-- files: all of them, in the order of the log
SELECT part, through, file, events, first_seal, last_seal, encode(sha256, 'hex') AS sha256, archived_at, archived_by FROM log_archives ORDER BY through;

-- due: parts that are sealed to their end, and have no file that reaches there
SELECT p.part FROM log_parts() p LEFT JOIN log_archives a ON a.part = p.part
WHERE p.behind - 1 <= (SELECT through FROM seals ORDER BY number DESC LIMIT 1) AND coalesce(a.through, 0) < p.behind - 1 ORDER BY p.behind;
