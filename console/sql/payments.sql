-- find: the payments an id of the provider's, or our reference, finds; newest first
SELECT DISTINCT p.*
FROM payment_aliases a
JOIN payments p ON p.record = a.record
WHERE a.provider = $1 AND a.alias = $2
ORDER BY p.first_position DESC;

-- steps: where in the log one case and those merged into it happened
SELECT t.step AS position, t.kind FROM payment_timeline t
WHERE t.case_key = ANY(ARRAY[$1] || ARRAY(SELECT m.record FROM payment_merges m WHERE m.into_record = $1))

-- timeline: facts and decisions there, in the order of the log; the last part of that statement
SELECT t.position, t.kind, e.type, e.stream, e.recorded_at, e.data, e.metadata
FROM steps t JOIN happened e USING (position)
ORDER BY t.position;

-- deliveries: what facts came from, with everything that arrived under the same keys
SELECT d.delivery_id, d.event_name, d.status, d.reason, d.received_at, d.processing_ms, d.scheme, d.secret_id,
       d.duplicate_of, d.replay_of, CASE WHEN $2 THEN d.body END AS body
FROM deliveries d
WHERE d.delivery_id = ANY ($1::uuid[] || ARRAY(
    SELECT same.delivery_id FROM deliveries o JOIN deliveries same USING (provider, dedupe_key) WHERE o.delivery_id = ANY ($1::uuid[])))
ORDER BY d.delivery_id;

-- acts: what operators did about one thing
SELECT act_id, at, actor, verb, reason FROM operator_acts WHERE target = ANY ($1::text[]) ORDER BY act_id;
