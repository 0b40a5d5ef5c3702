-- open_of: open differences of a provider, the largest first
SELECT kind, payment_id, reason, ours, theirs, our_amount, their_amount, at, delivery_id, first_seen_at FROM reconcile_findings
WHERE provider = $1 AND resolved_at IS NULL AND ($2::timestamptz IS NULL OR first_seen_at >= $2)
ORDER BY coalesce(their_amount, our_amount, 0) DESC, payment_id LIMIT $3;

-- runs_of: the newest runs of a provider
SELECT run_id, since, asked_by, status, rows, asked, fed, found, code, started_at, ended_at FROM reconcile_runs
WHERE provider = $1 AND ($2::timestamptz IS NULL OR started_at >= $2) ORDER BY started_at DESC LIMIT $3;

-- kinds_of: what one run saw, by kind and what became of it
SELECT kind, count(*)::int AS findings, count(*) FILTER (WHERE resolved_at IS NOT NULL)::int AS resolved,
    coalesce(sum(coalesce(their_amount, our_amount, 0)), 0)::bigint AS amount_idr
FROM reconcile_findings WHERE last_run = $1 GROUP BY kind ORDER BY kind;
