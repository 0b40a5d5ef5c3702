-- ledger_at: how far in the log the ledger is
SELECT position FROM projection_positions WHERE name = 'ledger';

-- balances: of these accounts, in rupiah
SELECT account, balance FROM ledger WHERE unit = 'IDR' AND account = ANY ($1::text[]);

-- sealed: the first seal of a day
SELECT act_id, actor, at, after FROM operator_acts WHERE verb = $1 AND target = $2 ORDER BY act_id LIMIT 1;

-- seals: the first seal of each of these days
SELECT DISTINCT ON (target) target, act_id, actor, at FROM operator_acts WHERE verb = $1 AND target = ANY ($2::text[]) ORDER BY target, act_id;

-- unbacked: money that was moved and that no fact told of
SELECT provider, unbacked AS amount, cases FROM backing WHERE name LIKE 'total %' ORDER BY provider;

-- drift: open differences with the providers' own lists that are about payments of a day; where no list tells when, about what was found that day
SELECT provider, kind, count(*)::int AS findings, coalesce(sum(coalesce(their_amount, our_amount, 0)), 0)::bigint AS amount_idr
FROM reconcile_findings
WHERE resolved_at IS NULL AND coalesce(at, first_seen_at) >= $1 AND coalesce(at, first_seen_at) < $2
GROUP BY provider, kind ORDER BY provider, kind;
