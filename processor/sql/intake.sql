-- known: Deliveries that are stored already, because the broker delivered them again; part of the statement that takes in.
SELECT delivery_id FROM deliveries WHERE delivery_id = ANY($1::uuid[]);

-- parked: Parked streams, with the digests of what holds them up; part of the statement that takes in.
SELECT stream, ARRAY(
    SELECT body_sha256 FROM dead_letters WHERE dead_letters.stream = parked_streams.stream AND holds AND status IN ('open', 'replaying')
) AS heads
FROM parked_streams WHERE stream = ANY($1::text[]) AND (waiting > 0 OR (
    SELECT true FROM dead_letters WHERE dead_letters.stream = parked_streams.stream AND holds AND status IN ('open', 'replaying') LIMIT 1));

-- take_in: Claim dedupe keys, unless some delivery is `known`, or of a stream that is `parked`: then claim nothing. Part of a statement.
INSERT INTO inbox (provider, dedupe_key, content_digest, delivery_id, effects)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[], $5::smallint[])
WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM parked)
ON CONFLICT DO NOTHING RETURNING delivery_id;

-- taken_in: The deliveries whose key was new (`taken`), and what kept the others from being claimed; the last part of that statement.
SELECT 'taken' AS what, delivery_id, NULL::text AS stream, NULL::bytea[] AS heads FROM taken
UNION ALL
SELECT 'known', delivery_id, NULL, NULL FROM known
UNION ALL
SELECT 'parked', NULL, stream, heads FROM parked;

-- taken_in_and_looked: The same where the batch is decided on at once: with what fulfilment asks for (`found`, and where the log stands).
SELECT 'taken' AS what, delivery_id, NULL::text AS stream, NULL::bytea[] AS heads, NULL::text AS name, NULL::text AS key, NULL::text AS kind,
    NULL::json AS state, NULL::bigint AS number FROM taken
UNION ALL
SELECT 'known', delivery_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM known
UNION ALL
SELECT 'parked', NULL, stream, heads, NULL, NULL, NULL, NULL, NULL FROM parked
UNION ALL
SELECT what, NULL, NULL, NULL, name, key, kind, state, number FROM found
UNION ALL
SELECT 'head', NULL, NULL, NULL, NULL, NULL, NULL, NULL, head FROM log
UNION ALL
SELECT 'next', NULL, NULL, NULL, NULL, NULL, NULL, NULL, next FROM log;

-- first_seen: What the inbox holds for keys. The LIMIT keeps it at one index look-up per key, whatever the table's size was when planned.
SELECT held.* FROM unnest($1::text[], $2::text[]) AS wanted (provider, dedupe_key), LATERAL (
    SELECT provider, dedupe_key, content_digest, delivery_id, effects FROM inbox
    WHERE inbox.provider = wanted.provider AND inbox.dedupe_key = wanted.dedupe_key LIMIT 1
) AS held;

-- first_delivery: One stored delivery, to be understood again; none when its bytes are gone.
SELECT delivery_id, provider, received_at, path, headers, body, body_sha256, scheme, secret_id FROM deliveries
WHERE delivery_id = $1 AND redacted_at IS NULL;

-- learned: A later delivery of a key had facts where the first one had none.
UPDATE inbox SET effects = $3 WHERE provider = $1 AND dedupe_key = $2;

-- record: Store deliveries; processing time ends here, by the database's clock.
INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id,
    event_name, dedupe_key, status, reason, duplicate_of, replay_of, position, queue, attempts, handed_out)
SELECT delivery_id, provider, received_at,
    least(greatest(extract(epoch FROM clock_timestamp() - started_at) * 1000, 0), 2147483647)::int,
    path, headers, body, body_sha256, scheme, secret_id, event_name, dedupe_key, status, reason, duplicate_of, replay_of, position,
    queue, attempts, handed_out
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::json[], $7::bytea[], $8::bytea[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[], $16::uuid[], $17::bigint[], $18::text[], $19::smallint[],
    $20::smallint[])
    AS new (delivery_id, provider, received_at, started_at, path, headers, body, body_sha256, scheme, secret_id, event_name, dedupe_key,
        status, reason, duplicate_of, replay_of, position, queue, attempts, handed_out)
RETURNING delivery_id, processing_ms;

-- park: Add dead letters; the same bytes that fail again for the same reason are the same letter.
INSERT INTO dead_letters AS letter
    (dead_letter_id, delivery_id, provider, event_name, stage, reason, detail, message, attempts, deliveries, body_sha256, amount, whose,
    stream, place, holds, history)
SELECT new.id, new.delivery_id, new.provider, new.event_name, new.stage, new.reason, new.detail, new.message, new.attempts, new.deliveries,
    new.body_sha256, new.amount, new.whose, new.stream, new.place, new.stream IS NOT NULL,
    new.errors::jsonb || jsonb_build_object('at', clock_timestamp(), 'attempt', new.attempts + 1, 'stage', new.stage, 'reason', new.reason,
        'detail', left(new.detail, 200))
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[],
    $9::int[], $10::int[], $11::bytea[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::text[]) AS new (id, delivery_id, provider, event_name, stage,
    reason, detail, message, attempts, deliveries, body_sha256, amount, whose, stream, place, errors)
ON CONFLICT (provider, body_sha256, stage, reason, (CASE WHEN stage = 'fulfil' THEN left(detail, 200) ELSE '' END))
    WHERE status IN ('open', 'replaying') DO UPDATE SET
    status = 'open', resolved_by = NULL, resolved_at = NULL, detail = excluded.detail, place = excluded.place,
    attempts = excluded.attempts, event_name = coalesce(excluded.event_name, letter.event_name),
    deliveries = letter.deliveries + excluded.deliveries, last_seen = clock_timestamp(),
    history = (
        SELECT jsonb_agg(one.entry ORDER BY one.nth)
        FROM (SELECT entry, nth, count(*) OVER () AS total
            FROM jsonb_array_elements(letter.history || excluded.history) WITH ORDINALITY AS told (entry, nth)) AS one
        WHERE one.nth <= 5 OR one.nth > one.total - 15
    );

-- hold: Park the streams of these, where a letter holds them up: an operator may have said of one that it does not.
INSERT INTO parked_streams (stream, provider, amount_idr)
SELECT DISTINCT ON (new.stream) new.stream, new.provider, new.amount_idr
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new (stream, provider, amount_idr)
WHERE (SELECT true FROM dead_letters WHERE dead_letters.stream = new.stream AND holds AND status IN ('open', 'replaying') LIMIT 1)
ORDER BY new.stream, new.amount_idr DESC NULLS LAST
ON CONFLICT (stream) DO UPDATE SET amount_idr = greatest(parked_streams.amount_idr, excluded.amount_idr);

-- line_up: Deliveries that wait behind another one of their stream, in order.
WITH came AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bytea[], $6::bigint[])
        WITH ORDINALITY AS new (stream, delivery_id, provider, received_at, message, amount_idr, nth)
), kept AS (
    INSERT INTO waiting_deliveries (stream, delivery_id, received_at, message)
    SELECT stream, delivery_id, received_at, message FROM came ORDER BY nth
)
INSERT INTO parked_streams AS parked (stream, provider, waiting, amount_idr, released)
SELECT stream, min(provider), count(*), max(amount_idr), true FROM came GROUP BY stream
ON CONFLICT (stream) DO UPDATE SET waiting = parked.waiting + excluded.waiting,
    amount_idr = greatest(parked.amount_idr, excluded.amount_idr);

-- moved_on: Close replayed letters that are not what is wrong now: another letter says that. An alarm of fulfilment is open again.
UPDATE dead_letters SET status = CASE WHEN stage = 'fulfil' THEN 'open' ELSE 'resolved' END,
    resolved_by = CASE WHEN stage <> 'fulfil' THEN resolved_by END,
    resolved_at = CASE WHEN stage <> 'fulfil' THEN clock_timestamp() END
WHERE dead_letter_id = ANY($1::uuid[]) AND status = 'replaying';

-- resolve: Close the letters whose bytes went through after all. An alarm of fulfilment is about what was decided, not about the bytes: a
-- provider that sends them again says nothing about it. Only its own replay touches it, and closes it when the bug is gone that kept the case
-- from being decided; else it is open again.
UPDATE dead_letters AS letter SET
    status = CASE WHEN letter.stage <> 'fulfil' OR mended.yes THEN 'resolved' ELSE 'open' END,
    resolved_by = CASE WHEN letter.stage <> 'fulfil' OR mended.yes THEN coalesce(done.actor, 'intake') END,
    resolved_at = CASE WHEN letter.stage <> 'fulfil' OR mended.yes THEN clock_timestamp() END
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::uuid[]) AS done (provider, body_sha256, actor, replayed),
    dead_letters AS same, LATERAL (
        SELECT same.reason = 'policy_failed' AND NOT EXISTS (
            SELECT FROM fulfilment_waits AS waits WHERE waits.wait_key = 'policy' AND waits.case_key IN (
                same.detail, (SELECT alias.case_key FROM fulfilment_aliases AS alias WHERE alias.alias = same.detail))
        ) AS yes
    ) AS mended
WHERE letter.dead_letter_id = same.dead_letter_id
    AND same.status IN ('open', 'replaying') AND same.provider = done.provider AND same.body_sha256 = done.body_sha256
    AND (same.stage <> 'fulfil' OR (same.status = 'replaying' AND same.dead_letter_id = done.replayed));

-- quarantine: Keep requests we do not trust.
INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256, credential)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::json[], $8::bytea[], $9::bytea[], $10::text[])
ON CONFLICT DO NOTHING;

-- trim_quarantine: Drop the oldest behind a number of rows.
DELETE FROM quarantine WHERE quarantine_id IN (SELECT quarantine_id FROM quarantine ORDER BY quarantine_id DESC OFFSET $1);

-- trim_quarantine_further: Drop the oldest behind a number of bytes, and what is older than a number of days.
DELETE FROM quarantine WHERE quarantine_id IN (
    SELECT quarantine_id
    FROM (SELECT quarantine_id, received_at, sum(octet_length(body)) OVER (ORDER BY quarantine_id DESC) AS bytes FROM quarantine) AS kept
    WHERE bytes > $1::bigint OR received_at < now() - make_interval(days => $2::int)
);

-- recorded: How long each delivery took; the last part of the statement that stores deliveries.
SELECT delivery_id, processing_ms FROM recorded;

-- recorded_and_moved: The same when decisions are saved and everything is appended too: whether fulfilment's checkpoint was where we left it, where
-- the events went, and how many there are.
SELECT delivery_id, processing_ms, EXISTS (SELECT FROM moved) AS moved, (SELECT min(position) FROM added) AS first,
    (SELECT max(position) - min(position) + 1 FROM added) AS appended
FROM recorded, told;

-- released: The stream that was parked first of those whose letter was dealt with.
SELECT stream FROM parked_streams WHERE released ORDER BY parked_at LIMIT 1;

-- their_turn: The first ones in a line, with how many processes have had each in their hands; this process is one of them from now on.
UPDATE waiting_deliveries SET tries = tries + (tried_by IS DISTINCT FROM $3)::int, tried_by = $3
WHERE place IN (SELECT place FROM waiting_deliveries WHERE stream = $1 ORDER BY place LIMIT $2)
RETURNING place, message, tries;

-- lock_line: A parked stream, kept from changing until the end of the transaction.
SELECT stream FROM parked_streams WHERE stream = $1 FOR UPDATE;

-- held_up: Whether a letter still holds it up.
SELECT EXISTS (SELECT FROM dead_letters WHERE stream = $1 AND holds AND status IN ('open', 'replaying'));

-- parked_again: It is held up: there is nothing to do until another letter is dealt with.
UPDATE parked_streams SET released = false WHERE stream = $1;

-- leave_line: These were taken in.
WITH gone AS (
    DELETE FROM waiting_deliveries WHERE place = ANY($2::bigint[]) AND stream = $1 RETURNING place
), left_over AS (
    UPDATE parked_streams SET waiting = waiting - (SELECT count(*) FROM gone) WHERE stream = $1
)
SELECT count(*) FROM gone;

-- go_on: A stream that nothing holds up and nothing waits in is a stream like any other.
DELETE FROM parked_streams WHERE stream = $1 AND NOT EXISTS (SELECT FROM waiting_deliveries WHERE waiting_deliveries.stream = $1)
    AND NOT EXISTS (SELECT FROM dead_letters WHERE dead_letters.stream = $1 AND holds AND status IN ('open', 'replaying'));

-- parked_streams: What is parked, by provider, for the metrics.
SELECT provider, count(*) AS streams, coalesce(sum(waiting), 0)::bigint AS waiting, coalesce(sum(amount_idr), 0)::bigint AS amount,
    extract(epoch FROM clock_timestamp() - min(parked_at))::float8 AS oldest_seconds
FROM parked_streams GROUP BY provider;

-- deaths: Of those of these messages that have a mark: how many processes died with it in hand, as far as this process can know before it takes it.
SELECT message, deaths + (holder <> $2 AND holder IS NOT NULL)::int AS deaths FROM suspects WHERE message = ANY($1::bytea[]);

-- in_hand: Suspicious messages are in this process's hands from now on; how many processes that had each before did not come to an end.
INSERT INTO suspects AS s (message, holder) SELECT message, $2 FROM unnest($1::bytea[]) AS message ORDER BY message
ON CONFLICT (message) DO UPDATE SET deaths = s.deaths + (s.holder <> excluded.holder AND s.holder IS NOT NULL)::int, holder = excluded.holder,
    taken_at = clock_timestamp()
RETURNING message, deaths;

-- put_down: They are not, and the process lives.
UPDATE suspects SET holder = NULL WHERE message = ANY($1::bytea[]) AND holder = $2;

-- let_go: Their outcome is certain.
DELETE FROM suspects WHERE message = ANY($1::bytea[]);
