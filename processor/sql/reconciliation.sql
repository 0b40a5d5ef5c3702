-- now: the database's clock; workers' clocks may jump
SELECT clock_timestamp();

-- unfinished: the run of a provider that is under way or was cut off
SELECT run_id, since, listing, cursor, position, steps, rows, asked, fed, found FROM reconcile_runs WHERE provider = $1 AND status = 'running';

-- compared: when each provider's lists were last read to the end, in Unix time
SELECT provider, extract(epoch FROM max(started_at))::double precision AS seconds FROM reconcile_runs
WHERE status = 'done' OR (status = 'partly' AND code IN ('asked_enough', 'asked_the_rest'))
GROUP BY provider;

-- covered: up to when everything of a provider was compared: the begin of the oldest run that saw all, of which the time behind it no later such run
-- looked at; null: never
SELECT min(r.started_at) FROM reconcile_runs r
WHERE r.provider = $1 AND (r.status = 'done' OR (r.status = 'partly' AND r.code IN ('asked_enough', 'asked_the_rest')))
    AND NOT EXISTS (
        SELECT FROM reconcile_runs q WHERE q.provider = r.provider AND q.started_at > r.started_at AND q.since <= r.started_at
            AND (q.status = 'done' OR (q.status = 'partly' AND q.code IN ('asked_enough', 'asked_the_rest')))
    );

-- is_due: whether no run of a provider began within the interval, or one that stopped should be tried again
SELECT NOT EXISTS (SELECT FROM reconcile_runs WHERE provider = $1 AND status IN ('done', 'partly') AND started_at > clock_timestamp() - $2::interval)
    AND NOT EXISTS (
        SELECT FROM reconcile_runs WHERE provider = $1 AND status = 'running' AND code IS NOT NULL
            AND updated_at > clock_timestamp() - least($2::interval, interval '5 minutes')
    );

-- begin: a run begins with the first list; and, where the one before it had asked enough, later on with the payments that were left
INSERT INTO reconcile_runs (run_id, provider, since, asked_by, listing, position) VALUES ($1, $2, $3, $4, $5, (
    SELECT b.position FROM (
        SELECT r.position, r.code, r.since FROM reconcile_runs r WHERE r.provider = $2 AND r.status IN ('done', 'partly') ORDER BY r.started_at DESC LIMIT 1
    ) AS b
    WHERE b.code = 'asked_enough' AND b.since <= $3
)) RETURNING position;

-- replace: a run that was cut off is given up for one that looks further back
UPDATE reconcile_runs SET status = 'replaced', ended_at = clock_timestamp() WHERE run_id = $1;

-- step: one step is done; whoever did not read the last one changes nothing
UPDATE reconcile_runs SET listing = $3, cursor = $4, position = $5, rows = rows + $6, asked = asked + $7, fed = fed + $8, found = found + $9,
    steps = steps + 1, code = NULL, updated_at = clock_timestamp()
WHERE run_id = $1 AND steps = $2 AND status = 'running'
RETURNING steps;

-- finish: it is done, or as far as the provider let us
UPDATE reconcile_runs SET status = $2, code = $3, ended_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE run_id = $1 AND status = 'running'
RETURNING rows, asked, fed, found;

-- pause: it stopped where it stands, and the next one goes on there
UPDATE reconcile_runs SET code = $2, updated_at = clock_timestamp() WHERE run_id = $1 AND status = 'running';

-- forget_seen: a run begins, or has ended
DELETE FROM reconcile_seen WHERE provider = $1;

-- see: names of a page; how many were not seen before
WITH fresh AS (
    INSERT INTO reconcile_seen (provider, name) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*)::int FROM fresh;

-- seen: which of these names the lists of this run held
SELECT name FROM reconcile_seen WHERE provider = $1 AND name = ANY($2::text[]);

-- cases: our cases of payments by these names
SELECT a.alias, c.case_key, c.state
FROM fulfilment_aliases a JOIN fulfilment_cases c ON c.case_key = a.case_key
WHERE a.alias = ANY($1::text[]) AND c.kind = 'payment';

-- plans: our cases of subscriptions
SELECT case_key, state FROM fulfilment_cases WHERE case_key = ANY($1::text[]) AND kind = 'subscription';

-- taken_in: which of these webhooks intake knows, by their keys
SELECT dedupe_key FROM inbox WHERE provider = $1 AND dedupe_key = ANY($2::text[]);

-- stored: what became of deliveries that intake has stored
SELECT delivery_id, status FROM deliveries WHERE delivery_id = ANY($1::uuid[]);

-- find: differences; of those that were open before only that they are still there. Returns those that are new or there again: what intake took in has
-- not settled these
INSERT INTO reconcile_findings AS f
    (provider, kind, payment_id, finding_id, reason, case_key, ours, theirs, our_amount, their_amount, at, delivery_id, first_run, last_run)
SELECT $1, kind, payment_id, finding_id, reason, case_key, ours, theirs, our_amount, their_amount, at, delivery_id, $2, $2
FROM unnest($3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[],
    $12::timestamptz[], $13::uuid[])
    AS new (kind, payment_id, finding_id, reason, case_key, ours, theirs, our_amount, their_amount, at, delivery_id)
ON CONFLICT (provider, kind, payment_id) DO UPDATE SET last_run = excluded.last_run, reason = excluded.reason, ours = excluded.ours,
    theirs = excluded.theirs, our_amount = excluded.our_amount, their_amount = excluded.their_amount,
    delivery_id = coalesce(excluded.delivery_id, CASE WHEN f.resolved_at IS NULL THEN f.delivery_id END), resolved_at = NULL, resolution = NULL
RETURNING NOT EXISTS (
    SELECT FROM reconcile_findings o
    WHERE o.provider = f.provider AND o.kind = f.kind AND o.payment_id = f.payment_id AND o.resolved_at IS NULL
) AS fresh;

-- left: why a list of this run was not read to its end, where one was not
SELECT reason FROM reconcile_findings WHERE provider = $1 AND kind = 'unreadable' AND payment_id = ANY($2::text[]) AND last_run = $3 LIMIT 1;

-- fed: what this run gave to intake and nobody has seen there yet
SELECT count(*)::int FROM reconcile_findings f
WHERE f.last_run = $1 AND f.delivery_id IS NOT NULL AND f.resolved_at IS NULL
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.delivery_id = f.delivery_id);

-- settle: what was given to intake and taken in is resolved
UPDATE reconcile_findings f SET resolved_at = clock_timestamp(), resolution = 'taken_in'
FROM deliveries d
WHERE f.provider = $1 AND f.delivery_id = d.delivery_id AND f.resolved_at IS NULL AND d.status IN ('processed', 'duplicate', 'no_effect');

-- gone: what runs before saw in the same time, and this one did not see any more
UPDATE reconcile_findings SET resolved_at = clock_timestamp(), resolution = 'gone'
WHERE provider = $1 AND last_run <> $2 AND resolved_at IS NULL AND coalesce(at, first_seen_at) >= $3;

-- drift: open differences by kind
SELECT provider, kind, findings, amount_idr, since FROM drift ORDER BY provider, kind;
