-- expired: Sessions that hold the lock of a job and have said nothing for so many seconds, ended; how many. Those of other logins are let be.
SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid))
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid = ($1::bigint >> 32)::int8::oid AND l.objid = ($1::bigint & 4294967295)::int8::oid
    AND a.usename = current_user AND clock_timestamp() - a.state_change > make_interval(secs => $2::float8);
