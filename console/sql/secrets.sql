-- known: Secrets that verified deliveries, newest first, and the newest person's record that names each; a null filter does not filter.
SELECT w.seen_at, w.provider, w.secret_id, w.delivery_id, w.known_before, a.act_id, a.at AS recorded_at, a.actor, a.reason,
    a.named ->> 'not_before' AS not_before, a.named ->> 'not_after' AS not_after
FROM webhook_secrets w
LEFT JOIN LATERAL (
    SELECT o.act_id, o.at, o.actor, o.reason, n.value AS named
    FROM operator_acts o CROSS JOIN LATERAL json_array_elements(o.after -> 'secrets') AS n (value)
    WHERE o.target = w.provider AND o.verb = 'secrets.record' AND n.value ->> 'secret_id' = w.secret_id
    ORDER BY o.act_id DESC LIMIT 1
) a ON true
WHERE ($1::text IS NULL OR w.provider = $1)
ORDER BY w.seen_at DESC, w.secret_id;

-- records: What people said of a provider's secrets, newest first.
SELECT act_id, at, actor, reason, before, after FROM operator_acts WHERE target = $1 AND verb = 'secrets.record' ORDER BY act_id DESC;
