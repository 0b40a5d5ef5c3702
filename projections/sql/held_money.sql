-- ageing: What waits, by provider and by how long it has: spans whose edges ($1) are hours.
SELECT s.provider, width_bucket(extract(epoch FROM clock_timestamp() - s.since)::double precision / 3600, $1::double precision[]) AS span,
    count(*) AS count, coalesce(sum(s.amount), 0)::bigint AS amount, count(*) FILTER (WHERE s.amount IS NULL) AS unknown,
    min(s.since) AS oldest, extract(epoch FROM clock_timestamp() - min(s.since))::double precision AS age_seconds
FROM suspense s
WHERE s.status = 'held'
GROUP BY s.provider, span
ORDER BY s.provider, span;

-- reasons: What waits, by provider and by why.
SELECT s.provider, s.reason, count(*) AS count, coalesce(sum(s.amount), 0)::bigint AS amount
FROM suspense s
WHERE s.status = 'held'
GROUP BY s.provider, s.reason
ORDER BY s.provider, s.reason;
