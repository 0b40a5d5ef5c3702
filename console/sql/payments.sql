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
SELECT t.position, t.kind, e.event_id, e.type, e.stream, e.recorded_at, e.data, e.metadata
FROM steps t JOIN happened e USING (position)
ORDER BY t.position;

-- deliveries: what facts came from, with everything that arrived under the same keys, what these were replays of, and their own replays
WITH RECURSIVE related AS (
    SELECT d.delivery_id, d.replay_of FROM deliveries d
    WHERE d.delivery_id = ANY ($1::uuid[] || ARRAY(
        SELECT same.delivery_id FROM deliveries o JOIN deliveries same USING (provider, dedupe_key) WHERE o.delivery_id = ANY ($1::uuid[])))
    UNION
    SELECT other.delivery_id, other.replay_of
    FROM related r CROSS JOIN LATERAL (
        SELECT d.delivery_id, d.replay_of FROM deliveries d WHERE d.delivery_id = r.replay_of
        UNION ALL
        SELECT d.delivery_id, d.replay_of FROM deliveries d WHERE d.replay_of = r.delivery_id
    ) AS other
)
SELECT d.delivery_id, d.event_name, d.status, d.reason, d.received_at, d.recorded_at, d.processing_ms, d.scheme, d.secret_id, d.body_sha256,
       d.queue, d.attempts, d.handed_out, d.duplicate_of, d.replay_of, CASE WHEN $2 THEN d.body END AS body
FROM deliveries d JOIN (SELECT DISTINCT delivery_id FROM related) AS found USING (delivery_id)
ORDER BY d.delivery_id;

-- letters: deliveries of these that could not be taken in, or whose decisions could not be made, and what became of that
SELECT dead_letter_id, delivery_id, stage, reason, detail, attempts, deliveries, first_seen, last_seen, status, resolved_by, resolved_at, stream
FROM dead_letters WHERE delivery_id = ANY ($1::uuid[]) ORDER BY dead_letter_id;

-- plans: the replays that sent some of these deliveries
SELECT DISTINCT plan_id::text AS plan_id FROM replay_items WHERE delivery_id = ANY ($1::uuid[]);

-- told: what was told to whom because of these events
SELECT event_id, receiver, position, kind, status, attempts, answered, trouble, due_at, created_at, settled_at
FROM notifications WHERE event_id = ANY ($1::uuid[]) ORDER BY created_at, receiver;

-- acts: what operators did about one thing
SELECT act_id, at, actor, verb, reason FROM operator_acts WHERE target = ANY ($1::text[]) ORDER BY act_id;

-- acts_about: what operators did about what belongs to a payment, or about the payment under one of its names
SELECT act_id, at, actor, verb, target, reason, undo FROM operator_acts WHERE target = ANY ($1::text[])
UNION
SELECT act_id, at, actor, verb, target, reason, undo FROM operator_acts
WHERE target = ANY ($2::text[]) AND verb = ANY ($3::text[]) AND coalesce(after ->> 'provider', $4) = $4
ORDER BY act_id;
