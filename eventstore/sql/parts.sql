-- make: Have the next part made where fewer than two are empty; its name, or nothing.
SELECT make_log_part($1);

-- ahead: Parts behind the last position that was drawn, and before which position the last of them ends.
SELECT count(*) FILTER (WHERE p.first > head.position)::int AS parts, coalesce(max(p.behind), 0) AS behind, head.position AS head
FROM log_parts() p CROSS JOIN (SELECT last_value AS position FROM events_position_seq) AS head
GROUP BY head.position;

-- listed: Every part: its range, the first and the last event in it with their times, and its bytes with indexes.
SELECT p.part, coalesce(p.first, 0) AS first, p.behind AS before, oldest.recorded_at AS since, newest.recorded_at AS until,
    pg_total_relation_size(format('lunas.%I', p.part)::regclass) AS bytes
FROM log_parts() p
LEFT JOIN LATERAL (
    SELECT recorded_at FROM events WHERE position >= coalesce(p.first, -9223372036854775808) AND position < p.behind ORDER BY position LIMIT 1
) AS oldest ON true
LEFT JOIN LATERAL (
    SELECT recorded_at FROM events WHERE position >= coalesce(p.first, -9223372036854775808) AND position < p.behind ORDER BY position DESC LIMIT 1
) AS newest ON true
ORDER BY p.behind;
