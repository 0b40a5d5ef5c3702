-- archiver: what the server says of its archive, and where the log ends
SELECT clock_timestamp() AS now, pg_postmaster_start_time() AS began,
       current_setting('archive_mode') <> 'off'
           AND (current_setting('archive_command') NOT IN ('', '(disabled)') OR coalesce(current_setting('archive_library', true), '') <> '') AS "on",
       extract(epoch FROM current_setting('archive_timeout')::interval)::integer AS timeout_seconds,
       pg_size_bytes(current_setting('wal_segment_size')) AS size,
       (SELECT system_identifier FROM pg_control_system()) AS system,
       CASE WHEN NOT pg_is_in_recovery() THEN (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint END AS position,
       last_archived_wal AS archived, last_archived_time AS archived_at,
       last_failed_wal AS failed, last_failed_time AS failed_at
FROM pg_stat_archiver;
