-- now: the database's moving clock; workers' clocks may jump
SELECT clock_timestamp()

-- look: cases by name, customers by id and normalised e-mail with the versions of their streams
SELECT 'case' AS what, a.alias AS name, c.case_key AS key, c.kind, c.state, NULL::bigint AS number
FROM fulfilment_aliases a JOIN fulfilment_cases c ON c.case_key = a.case_key
WHERE a.alias = ANY($1::text[])
UNION ALL
SELECT 'customer', NULL, c.customer_id, NULL, c.state, s.version
FROM fulfilment_customers c LEFT JOIN streams s ON s.stream = 'customer-' || c.customer_id
WHERE c.customer_id = ANY($2::text[]) OR c.email_normalized = ANY($3::text[])

-- looked: what `look` found and where the log stands; the last part of that statement
SELECT what, name, key, kind, state, number FROM found
UNION ALL
SELECT 'head', NULL, NULL, NULL, NULL, head FROM log
UNION ALL
SELECT 'next', NULL, NULL, NULL, NULL, next FROM log

-- cases: state of these cases
SELECT case_key, kind, state FROM fulfilment_cases WHERE case_key = ANY($1::text[])

-- owners: whose cases these are
SELECT case_key, customer_id FROM fulfilment_cases WHERE case_key = ANY($1::text[])

-- waiting: cases that wait for one of these
SELECT DISTINCT case_key FROM fulfilment_waits WHERE wait_key = ANY($1::text[])

-- unknown_payers: the next cases that wait for an e-mail, and whether something of theirs is held because nobody has it
WITH page AS (
    SELECT wait_key, case_key FROM fulfilment_waits
    WHERE (wait_key, case_key) > (greatest($1, 'email:'), $2::text) AND wait_key < 'email;'
    ORDER BY wait_key, case_key LIMIT $3
)
SELECT p.wait_key, p.case_key, 'customer_unknown' IN (c.state ->> 'held', c.state -> 'record' ->> 'held') OR EXISTS (
    SELECT FROM json_each(c.state -> 'record' -> 'parts') AS part WHERE part.value ->> 'reason' = 'customer_unknown'
) AS held
FROM page p JOIN fulfilment_cases c USING (case_key) ORDER BY p.wait_key, p.case_key

-- due: cases whose time has come
SELECT case_key FROM fulfilment_cases WHERE due_at <= $1 ORDER BY due_at LIMIT $2

-- customers: by id and by normalised e-mail, with the versions of their streams
SELECT c.customer_id, c.state, s.version
FROM fulfilment_customers c LEFT JOIN streams s ON s.stream = 'customer-' || c.customer_id
WHERE c.customer_id = ANY($1::text[]) OR c.email_normalized = ANY($2::text[])

-- stream_versions: heads of these streams
SELECT stream, version FROM streams WHERE stream = ANY($1::text[])

-- save_cases: insert or replace the state of cases
INSERT INTO fulfilment_cases (case_key, kind, customer_id, state, due_at, position)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::json[], $5::timestamptz[], $6::bigint[])
ON CONFLICT (case_key) DO UPDATE SET customer_id = excluded.customer_id, state = excluded.state,
    due_at = excluded.due_at, position = greatest(fulfilment_cases.position, excluded.position)

-- delete_cases: cases that were merged into another
DELETE FROM fulfilment_cases WHERE case_key = ANY($1::text[])

-- add_aliases: names that nothing has; by ON CONFLICT each would be confirmed after, with a record of its own in the database's log
INSERT INTO fulfilment_aliases (alias, case_key)
SELECT alias, case_key FROM unnest($1::text[], $2::text[]) AS new (alias, case_key)
WHERE (SELECT true FROM fulfilment_aliases AS known WHERE known.alias = new.alias) IS NULL

-- point_aliases: names that another case has
UPDATE fulfilment_aliases AS known SET case_key = pointed.at ->> known.alias
FROM (SELECT jsonb_object_agg(alias, case_key) AS at FROM unnest($1::text[], $2::text[]) AS new (alias, case_key) OFFSET 0) AS pointed
WHERE known.alias = ANY($1::text[]) AND known.case_key <> pointed.at ->> known.alias

-- clear_waits: forget what these cases waited for and do not wait for any more
DELETE FROM fulfilment_waits w
WHERE w.case_key = ANY($1::text[]) AND NOT EXISTS (
    SELECT FROM unnest($2::text[], $3::text[]) AS kept (wait_key, case_key)
    WHERE kept.wait_key = w.wait_key AND kept.case_key = w.case_key
)

-- save_waits: remember what cases wait for
INSERT INTO fulfilment_waits (wait_key, case_key)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING

-- save_customers: insert or replace the state of customers
INSERT INTO fulfilment_customers (customer_id, email_normalized, state)
SELECT * FROM unnest($1::text[], $2::text[], $3::json[])
ON CONFLICT (customer_id) DO UPDATE SET email_normalized = excluded.email_normalized, state = excluded.state

-- park: what a person must look at; the same alarm of the same delivery is one letter
INSERT INTO dead_letters (dead_letter_id, delivery_id, provider, event_name, stage, reason, detail, message, body_sha256, amount, whose, place)
SELECT $1, d.delivery_id, $2, coalesce(d.event_name, $3), 'fulfil', $4, $5, $6, coalesce(d.body_sha256, $7), $9, $10, $11
FROM (SELECT 1) AS one LEFT JOIN deliveries d ON d.delivery_id = $8
ON CONFLICT (provider, body_sha256, stage, reason, (CASE WHEN stage = 'fulfil' THEN left(detail, 200) ELSE '' END))
WHERE status IN ('open', 'replaying') DO UPDATE
SET deliveries = dead_letters.deliveries + 1, last_seen = clock_timestamp(), place = excluded.place

-- delivery: the stored delivery behind a fact; none when its bytes are gone
SELECT delivery_id, provider, received_at, scheme, secret_id, path, headers, body FROM deliveries WHERE delivery_id = $1 AND redacted_at IS NULL

-- moved: whether the checkpoint was where this round had begun; the last part of the statement that saves a round
SELECT position FROM moved

-- beside_cases: tables of this connection alone that hide the live ones by their names, to build in
CREATE TEMPORARY TABLE fulfilment_cases (LIKE lunas.fulfilment_cases INCLUDING ALL)

-- beside_aliases: the same for names
CREATE TEMPORARY TABLE fulfilment_aliases (LIKE lunas.fulfilment_aliases INCLUDING ALL)

-- beside_waits: the same for what cases wait for
CREATE TEMPORARY TABLE fulfilment_waits (LIKE lunas.fulfilment_waits INCLUDING ALL)

-- beside_customers: the same for customers
CREATE TEMPORARY TABLE fulfilment_customers (LIKE lunas.fulfilment_customers INCLUDING ALL)

-- away: drop them
DISCARD TEMPORARY

-- case_keys: the next cases in the order of their keys
SELECT case_key FROM fulfilment_cases WHERE case_key > $1 ORDER BY case_key LIMIT $2

-- side_by_side: what the live tables say of each case and customer, and what was built beside them
SELECT coalesce(live.case_key, built.case_key) AS key, coalesce(live.kind, built.kind) AS kind, live.state AS live, built.state AS built
FROM lunas.fulfilment_cases AS live FULL JOIN fulfilment_cases AS built ON built.case_key = live.case_key
UNION ALL
SELECT coalesce(live.customer_id, built.customer_id), 'customer', live.state, built.state
FROM lunas.fulfilment_customers AS live FULL JOIN fulfilment_customers AS built ON built.customer_id = live.customer_id

-- built_cases: how many cases were built
SELECT count(*) FROM fulfilment_cases

-- built_customers: how many customers were
SELECT count(*) FROM fulfilment_customers

-- known_cases: what was built is counted
ANALYZE fulfilment_cases

-- known_aliases: the same for names
ANALYZE fulfilment_aliases

-- known_waits: the same for what cases wait for
ANALYZE fulfilment_waits

-- known_customers: the same for customers
ANALYZE fulfilment_customers

-- switch_cases: what was built takes the place of what was live, and what is the same stays; everybody waits for the lock that this holds
WITH gone AS (
    DELETE FROM lunas.fulfilment_cases AS live
    WHERE NOT EXISTS (SELECT FROM fulfilment_cases AS built WHERE built.case_key = live.case_key)
)
INSERT INTO lunas.fulfilment_cases (case_key, kind, customer_id, state, due_at, position)
SELECT built.case_key, built.kind, built.customer_id, built.state, built.due_at, built.position
FROM fulfilment_cases AS built LEFT JOIN lunas.fulfilment_cases AS live ON live.case_key = built.case_key
WHERE live.case_key IS NULL
    OR (live.kind, live.customer_id, live.state::text, live.due_at, live.position)
        IS DISTINCT FROM (built.kind, built.customer_id, built.state::text, built.due_at, built.position)
ON CONFLICT (case_key) DO UPDATE SET kind = excluded.kind, customer_id = excluded.customer_id, state = excluded.state,
    due_at = excluded.due_at, position = excluded.position

-- switch_aliases: the same for names
WITH gone AS (
    DELETE FROM lunas.fulfilment_aliases AS live
    WHERE NOT EXISTS (SELECT FROM fulfilment_aliases AS built WHERE built.alias = live.alias)
)
INSERT INTO lunas.fulfilment_aliases (alias, case_key)
SELECT built.alias, built.case_key
FROM fulfilment_aliases AS built LEFT JOIN lunas.fulfilment_aliases AS live ON live.alias = built.alias
WHERE live.case_key IS DISTINCT FROM built.case_key
ON CONFLICT (alias) DO UPDATE SET case_key = excluded.case_key

-- switch_waits: the same for what cases wait for
WITH gone AS (
    DELETE FROM lunas.fulfilment_waits AS live
    WHERE NOT EXISTS (SELECT FROM fulfilment_waits AS built WHERE built.wait_key = live.wait_key AND built.case_key = live.case_key)
)
INSERT INTO lunas.fulfilment_waits (wait_key, case_key)
SELECT built.wait_key, built.case_key FROM fulfilment_waits AS built
WHERE NOT EXISTS (SELECT FROM lunas.fulfilment_waits AS live WHERE live.wait_key = built.wait_key AND live.case_key = built.case_key)

-- switch_customers: the same for customers
WITH gone AS (
    DELETE FROM lunas.fulfilment_customers AS live
    WHERE NOT EXISTS (SELECT FROM fulfilment_customers AS built WHERE built.customer_id = live.customer_id)
)
INSERT INTO lunas.fulfilment_customers (customer_id, email_normalized, state)
SELECT built.customer_id, built.email_normalized, built.state
FROM fulfilment_customers AS built LEFT JOIN lunas.fulfilment_customers AS live ON live.customer_id = built.customer_id
WHERE live.customer_id IS NULL
    OR (live.email_normalized, live.state::text) IS DISTINCT FROM (built.email_normalized, built.state::text)
ON CONFLICT (customer_id) DO UPDATE SET email_normalized = excluded.email_normalized, state = excluded.state

-- fence: whoever worked on the old tables reads again: the event at the checkpoint is a decision, or a fact that changes nothing twice
UPDATE checkpoints SET position = greatest($2::bigint - 1, 0) WHERE consumer = $1 AND position = $3
