-- choose_letters: fix the open letters that a filter finds as the items of a plan, oldest first; returns how many
WITH chosen AS (
    INSERT INTO replay_items (plan_id, number, source, source_id, provider, event_name, cause, amount)
    SELECT $20, row_number() OVER (ORDER BY found.dead_letter_id), 'letters', found.dead_letter_id, found.provider, found.event_name, found.reason,
        found.amount
    FROM (
        SELECT l.dead_letter_id, l.provider, l.event_name, l.reason, l.amount
        FROM dead_letters l
        WHERE l.status = 'open'
          AND ($1::text[] IS NULL OR l.provider = ANY ($1)) AND NOT l.provider = ANY ($2::text[])
          AND ($3::text[] IS NULL OR l.event_name = ANY ($3)) AND NOT coalesce(l.event_name, '') = ANY ($4::text[])
          AND NOT EXISTS (SELECT FROM unnest($5::text[]) AS part WHERE coalesce(l.event_name, '') !~* part)
          AND NOT EXISTS (SELECT FROM unnest($6::text[]) AS part WHERE coalesce(l.event_name, '') ~* part)
          AND ($7::text[] IS NULL OR l.reason = ANY ($7)) AND NOT l.reason = ANY ($8::text[])
          AND NOT EXISTS (SELECT FROM unnest($9::text[]) AS part WHERE l.reason || ' ' || l.detail !~* part)
          AND NOT EXISTS (SELECT FROM unnest($10::text[]) AS part WHERE l.reason || ' ' || l.detail ~* part)
          AND ($11::text[] IS NULL OR l.stage = ANY ($11)) AND NOT l.stage = ANY ($12::text[])
          AND $13::text[] IS NULL AND $14::text[] = '{}'
          AND ($15::bigint IS NULL OR l.amount >= $15) AND ($16::bigint IS NULL OR l.amount <= $16)
          AND ($17::timestamptz IS NULL OR l.last_seen >= $17) AND ($18::timestamptz IS NULL OR l.last_seen < $18)
          AND ($19::uuid[] IS NULL OR l.dead_letter_id = ANY ($19))
        ORDER BY l.dead_letter_id LIMIT $21
    ) AS found
    RETURNING 1
)
SELECT count(*)::int FROM chosen;

-- find_deliveries: the next deliveries that a filter finds, oldest first, of each kind by the index; replays, duplicates and conflicts are not sent again
SELECT d.delivery_id, d.provider, d.event_name, coalesce(d.reason, d.status) AS cause, d.body
FROM delivery_kinds k
CROSS JOIN LATERAL (
    SELECT delivery_id FROM deliveries
    WHERE (provider COLLATE "C", status COLLATE "C", coalesce(event_name, '') COLLATE "C", delivery_id)
          BETWEEN (k.provider, k.status, k.event_name, greatest($20::uuid, coalesce(first_id($17::timestamptz), $20)))
              AND (k.provider, k.status, k.event_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
      AND delivery_id <> $20
      AND ($17 IS NULL OR received_at >= $17) AND ($18::timestamptz IS NULL OR received_at < $18)
      AND ($7::text[] IS NULL OR reason = ANY ($7)) AND NOT coalesce(reason, '') = ANY ($8::text[])
      AND NOT EXISTS (SELECT FROM unnest($9::text[]) AS part WHERE coalesce(reason, '') !~* part)
      AND NOT EXISTS (SELECT FROM unnest($10::text[]) AS part WHERE coalesce(reason, '') ~* part)
      AND ($19::uuid[] IS NULL OR delivery_id = ANY ($19))
      AND replay_of IS NULL AND redacted_at IS NULL
    ORDER BY provider COLLATE "C", status COLLATE "C", coalesce(event_name, '') COLLATE "C", delivery_id LIMIT $21
) AS oldest
JOIN deliveries d USING (delivery_id)
WHERE ($1::text[] IS NULL OR k.provider = ANY ($1)) AND NOT k.provider = ANY ($2::text[])
  AND ($3::text[] IS NULL OR k.event_name = ANY ($3)) AND NOT k.event_name = ANY ($4::text[])
  AND NOT EXISTS (SELECT FROM unnest($5::text[]) AS part WHERE k.event_name !~* part)
  AND NOT EXISTS (SELECT FROM unnest($6::text[]) AS part WHERE k.event_name ~* part)
  AND $11::text[] IS NULL AND $12::text[] = '{}'
  AND ($13::text[] IS NULL OR k.status = ANY ($13)) AND NOT k.status = ANY ($14::text[])
  AND k.status NOT IN ('duplicate', 'conflict')
  AND ($15::bigint IS NULL OR $15 = $15) AND ($16::bigint IS NULL OR $16 = $16)
ORDER BY d.delivery_id
LIMIT $21;

-- choose_found: fix deliveries, rejected requests or what only the provider has as the next items of a plan
INSERT INTO replay_items (plan_id, number, source, source_id, provider, event_name, cause, amount, message)
SELECT $1, $2 + place, $3, source_id, provider, event_name, cause, amount, message
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bytea[]) WITH ORDINALITY
    AS chosen (source_id, provider, event_name, cause, amount, message, place);

-- in_order: what comes from several places is sent in the order it came; ids tell the time. First out of the way of the numbers there are
UPDATE replay_items i SET number = -ranked.place
FROM (SELECT number, row_number() OVER (ORDER BY source_id, number) AS place FROM replay_items WHERE plan_id = $1) AS ranked
WHERE i.plan_id = $1 AND i.number = ranked.number;

-- numbered: then as they are
UPDATE replay_items SET number = -number WHERE plan_id = $1;

-- begin: a plan, before anything is chosen
INSERT INTO replay_plans (plan_id, filter, source, planned_by) VALUES ($1, $2, $3, $4);

-- sample: choose which items a preview runs: all, or every so many of a kind and the first of each
UPDATE replay_items i SET sampled = true
FROM (
    SELECT number, row_number() OVER (ORDER BY provider, event_name, cause, number) AS place,
        row_number() OVER (PARTITION BY provider, event_name, cause ORDER BY number) AS among
    FROM replay_items WHERE plan_id = $1
) AS ranked
WHERE i.plan_id = $1 AND i.number = ranked.number AND (ranked.place % $2::int = 0 OR ranked.among = 1);

-- kinds: what a plan consists of: how many of each kind, and how much money they speak of; the most money first
SELECT provider, event_name, cause, count(*)::int AS count, coalesce(sum(amount), 0)::bigint AS amount,
    count(*) FILTER (WHERE amount IS NULL)::int AS unknown
FROM replay_items WHERE plan_id = $1
GROUP BY provider, event_name, cause ORDER BY amount DESC, count DESC, provider, event_name, cause;

-- sampled: what a preview runs, with the messages of letters and of what only the provider has
SELECT i.number, i.source, i.source_id, coalesce(i.message, l.message) AS message
FROM replay_items i LEFT JOIN dead_letters l ON i.source = 'letters' AND l.dead_letter_id = i.source_id
WHERE i.plan_id = $1 AND i.sampled ORDER BY i.number;

-- sampled_deliveries: the deliveries among them
SELECT i.number, d.delivery_id, d.provider, d.received_at, d.path, d.headers, d.body, d.scheme, d.secret_id
FROM replay_items i JOIN deliveries d ON d.delivery_id = i.source_id
WHERE i.plan_id = $1 AND i.sampled AND i.source = 'deliveries' AND d.redacted_at IS NULL;

-- sampled_rejected: the rejected requests among them
SELECT i.number, q.quarantine_id, q.provider, q.received_at, q.path, q.headers, q.body, q.credential, q.admitted_at
FROM replay_items i JOIN quarantine q ON q.quarantine_id = i.source_id
WHERE i.plan_id = $1 AND i.sampled AND i.source = 'quarantine';

-- previewed: what the preview found
UPDATE replay_plans SET items = $2, sampled = $3, position = $4, streams = $5, versions = $6, effect_digest = $7, preview = $8
WHERE plan_id = $1;

-- one: everything about one plan
SELECT plan_id, filter, source, status, items, sampled, position, streams, versions, effect_digest, preview, planned_by, planned_at, reason,
    rate, applied_by, applied_at, ended_at, act_id, runner IS NOT NULL AND runner_until > clock_timestamp() AS running
FROM replay_plans WHERE plan_id = $1;

-- newest: the newest plans
SELECT plan_id, filter, source, status, items, sampled, planned_by, planned_at, reason, rate, applied_by, applied_at, ended_at, act_id,
    runner IS NOT NULL AND runner_until > clock_timestamp() AS running
FROM replay_plans ORDER BY plan_id DESC LIMIT $1;

-- progress: how far a plan has come, by state and outcome
SELECT state, outcome, reason, count(*)::int AS count, coalesce(sum(amount), 0)::bigint AS amount
FROM replay_items WHERE plan_id = $1 GROUP BY state, outcome, reason ORDER BY count DESC, state, outcome, reason;

-- start: a plan is applied, by whoever is first
UPDATE replay_plans SET status = 'running', reason = $2, rate = $3, applied_by = $4, applied_at = clock_timestamp(), act_id = $5,
    runner = $6, runner_until = clock_timestamp() + $7::interval
WHERE plan_id = $1 AND status = 'planned'
RETURNING plan_id;

-- resume: a run that was paused, or whose runner gave no sign of life, goes on
UPDATE replay_plans SET status = 'running', runner = $2, runner_until = clock_timestamp() + $3::interval, rate = coalesce($4, rate)
WHERE plan_id = $1 AND (status = 'paused' OR (status = 'running' AND (runner IS NULL OR runner_until < clock_timestamp())))
RETURNING rate;

-- alive: a sign of life; what the plan's status is now, or nothing when another runner has it
UPDATE replay_plans SET runner_until = clock_timestamp() + $3::interval WHERE plan_id = $1 AND runner = $2 RETURNING status;

-- change: pause or cancel
UPDATE replay_plans SET status = $2, ended_at = CASE WHEN $2 = 'cancelled' THEN clock_timestamp() END
WHERE plan_id = $1 AND status = ANY ($3::text[])
RETURNING plan_id;

-- leave: the runner stops; the plan is done when nothing is left
UPDATE replay_plans p SET runner = NULL, runner_until = NULL,
    status = CASE WHEN status = 'running' AND NOT EXISTS (SELECT FROM replay_items i WHERE i.plan_id = p.plan_id AND i.state <> 'done') THEN 'done'
        WHEN status = 'running' THEN 'paused' ELSE status END,
    ended_at = CASE WHEN status = 'running' AND NOT EXISTS (SELECT FROM replay_items i WHERE i.plan_id = p.plan_id AND i.state <> 'done')
        THEN clock_timestamp() ELSE ended_at END
WHERE plan_id = $1 AND runner = $2
RETURNING status;

-- under_way: items that were sent and whose effect was not seen yet
SELECT number, source, source_id, delivery_id FROM replay_items WHERE plan_id = $1 AND state = 'sent' ORDER BY number;

-- next: the next items to send
SELECT number, source, source_id FROM replay_items WHERE plan_id = $1 AND state = 'waiting' ORDER BY number LIMIT $2;

-- sending: an item is about to be sent as this delivery
UPDATE replay_items SET state = 'sent', delivery_id = $3 WHERE plan_id = $1 AND number = $2 AND state = 'waiting' RETURNING number;

-- done: what became of an item
UPDATE replay_items SET state = 'done', outcome = $3, reason = $4 WHERE plan_id = $1 AND number = $2;

-- settle: what was sent and is in the store is done; a rejected request is admitted with that, and not before
WITH done AS (
    UPDATE replay_items i SET state = 'done', outcome = d.status, reason = d.reason
    FROM deliveries d WHERE i.plan_id = $1 AND i.state = 'sent' AND d.delivery_id = i.delivery_id
    RETURNING i.source, i.source_id
)
UPDATE quarantine q SET admitted_at = clock_timestamp(), admitted_by = (SELECT act_id FROM replay_plans WHERE plan_id = $1)
FROM done WHERE done.source = 'quarantine' AND q.quarantine_id = done.source_id AND q.admitted_at IS NULL;

-- left: how many were sent and are not in the store yet, and how many wait to be sent
SELECT count(*) FILTER (WHERE state = 'sent')::int AS sent, count(*) FILTER (WHERE state = 'waiting')::int AS waiting
FROM replay_items WHERE plan_id = $1 AND state <> 'done';

-- delivery: one delivery as it is sent again, unless its bytes are gone
SELECT delivery_id, provider, received_at, path, headers, body, scheme, secret_id FROM deliveries WHERE delivery_id = $1 AND redacted_at IS NULL;

-- rejected: one rejected request as it is verified again
SELECT quarantine_id, provider, received_at, path, headers, body, credential, admitted_at FROM quarantine WHERE quarantine_id = $1;

-- kept: the words of one item that no other table has
SELECT message FROM replay_items WHERE plan_id = $1 AND number = $2;

-- outside: whether a rejected request is still outside
SELECT admitted_at IS NULL FROM quarantine WHERE quarantine_id = $1;
