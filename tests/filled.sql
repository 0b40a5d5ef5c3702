-- unlogged: Nothing here must survive a crash, so nothing of it is written twice. Plans are the same.
DO $$
DECLARE
    name text;
BEGIN
    -- Streams grow by the million here, and are looked up by what is computed from a number.
    FOR name IN SELECT format('lunas.%I', relname) FROM pg_class
        WHERE relnamespace = 'lunas'::regnamespace AND relkind = 'r'
            AND relname NOT IN ('projection_versions', 'projection_parked', 'checkpoints', 'schema_migrations', 'operators', 'operator_sessions')
    LOOP
        EXECUTE 'ALTER TABLE ' || name || ' SET UNLOGGED';
        EXECUTE 'ALTER TABLE ' || name || ' SET (autovacuum_enabled = off)';
    END LOOP;
END;
$$;

-- streams: One of the payment and one of its case for every payment, one for every customer (a quarter of the payments).
INSERT INTO streams (stream_id, stream, category, version) OVERRIDING SYSTEM VALUE
SELECT n, 'payment-xendit-py-' || n, 'payment', 2 FROM generate_series(1, $1::bigint) n
UNION ALL
SELECT $1 + n, 'case-xendit:py-' || n, 'case', 2 FROM generate_series(1, $1::bigint) n
UNION ALL
SELECT 2 * $1 + n, 'customer-c' || n, 'customer', 1 + $1 / ($1 / 4) FROM generate_series(1, $1 / 4) n;

-- events: Five for every payment: two facts, what we made of each, and the credit.
INSERT INTO events (position, stream_id, event_id, recorded_at, version, schema_version, stream, type, data, metadata)
    OVERRIDING SYSTEM VALUE
SELECT 5 * (n - 1) + step,
    CASE step WHEN 1 THEN n WHEN 4 THEN n WHEN 3 THEN 2 * $1 + 1 + n % ($1 / 4) ELSE $1 + n END,
    ('00000000-0000-7000-8000-' || lpad(to_hex(5 * n + step), 12, '0'))::uuid,
    '2026-01-01'::timestamptz + n * interval '10 seconds',
    CASE step WHEN 3 THEN 2 + n / ($1 / 4) WHEN 1 THEN 1 WHEN 2 THEN 1 ELSE 2 END,
    1,
    CASE step WHEN 1 THEN 'payment-xendit-py-' || n WHEN 4 THEN 'payment-xendit-py-' || n
        WHEN 3 THEN 'customer-c' || 1 + n % ($1 / 4) ELSE 'case-xendit:py-' || n END,
    (ARRAY['payment.succeeded', 'payment.assessed', 'credit.granted', 'payment.settled', 'payment.assessed'])[step],
    json_build_object('payment_id', 'py-' || n, 'provider', 'xendit', 'amount', 50000),
    CASE WHEN step IN (1, 4) THEN json_build_object('correlation_id', 'c', 'delivery_id',
        ('00000000-0000-7000-8000-' || lpad(to_hex(2 * n + step / 4), 12, '0'))::uuid) ELSE '{"correlation_id":"c"}' END
FROM generate_series(1, $1::bigint) n, generate_series(1, 5) step;

-- first_things: What every log begins with.
INSERT INTO events (position, stream_id, event_id, version, schema_version, stream, type, data, metadata) OVERRIDING SYSTEM VALUE
VALUES (0, 0, '00000000-0000-7000-8000-000000000000', 1, 1, 'catalog-main', 'catalog.published', '{"content":{}}', '{}');

-- positions: The next ones go behind.
SELECT setval(pg_get_serial_sequence('events', 'position'), 5 * $1::bigint), setval(pg_get_serial_sequence('streams', 'stream_id'), 3 * $1);

-- deliveries: Two for every payment.
INSERT INTO deliveries (delivery_id, provider, received_at, recorded_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id,
    event_name, dedupe_key, status, reason, duplicate_of, replay_of, position)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(2 * n + part), 12, '0'))::uuid, 'xendit',
    '2026-01-01'::timestamptz + n * interval '10 seconds', '2026-01-01'::timestamptz + n * interval '10 seconds', 5,
    '/webhooks/xendit', '{}', '\x7b7d', decode(md5((2 * n + part)::text), 'hex'), 'static_token', 's', 'payment.capture',
    'key-' || 2 * n + part, CASE n % 100 WHEN 0 THEN 'duplicate' WHEN 1 THEN 'conflict' WHEN 2 THEN 'parked' ELSE 'processed' END, NULL,
    CASE WHEN n % 100 IN (0, 1) THEN ('00000000-0000-7000-8000-' || lpad(to_hex(2 * n), 12, '0'))::uuid END, NULL, 5 * (n - 1) + 1
FROM generate_series(1, $1::bigint) n, generate_series(0, 1) part;

-- inbox: What was taken in.
INSERT INTO inbox (provider, dedupe_key, content_digest, delivery_id, effects)
SELECT 'xendit', 'key-' || n, '\x00', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1
FROM generate_series(2, 2 * $1::bigint + 1) n;

-- dead_letters: One for every hundred payments, some of them open.
INSERT INTO dead_letters (dead_letter_id, delivery_id, provider, event_name, stage, reason, message, body_sha256, status)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ('00000000-0000-7000-8000-' || lpad(to_hex(200 * n), 12, '0'))::uuid,
    'xendit', 'payment.capture', 'translate', 'amount_fractional', '\x00', decode(md5(n::text), 'hex'),
    CASE WHEN n % 50 = 0 THEN 'open' ELSE 'resolved' END
FROM generate_series(1, $1::bigint / 100) n;

-- parked_streams: One for every thousand payments.
INSERT INTO parked_streams (stream, provider, waiting, amount_idr)
SELECT 'xendit:pr-' || n, 'xendit', 10, 50000 FROM generate_series(1, $1::bigint / 1000) n;

-- waiting_deliveries: Ten behind each.
INSERT INTO waiting_deliveries (stream, delivery_id, received_at, message)
SELECT 'xendit:pr-' || 1 + n / 10, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '2026-01-01'::timestamptz, '\x00'
FROM generate_series(0, $1::bigint / 100 - 1) n;

-- quarantine: As many as are kept at most.
INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'xendit', 'token_wrong',
    '2026-01-01'::timestamptz + n * interval '10 seconds', '', '/webhooks/xendit', '{}', '\x00', '\x00'
FROM generate_series(1, least($1::bigint, 10000)) n;

-- replays: A hundred plans; the newest is under way.
INSERT INTO replay_plans (plan_id, filter, source, status, items, planned_by)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'provider=xendit', 'letters', CASE WHEN n < 100 THEN 'done' ELSE 'running' END,
    $1::bigint / 2000, 'sari'
FROM generate_series(1, 100) n;

-- replayed: What they consist of.
INSERT INTO replay_items (plan_id, number, source, source_id, provider, event_name, cause, amount, sampled, delivery_id, state, outcome)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, number,
    CASE WHEN n < 90 THEN 'letters' WHEN n < 95 THEN 'deliveries' ELSE 'quarantine' END, ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
    'xendit', 'payment.capture', 'amount_fractional', 50000, number % 10 = 0, ('00000000-0000-7000-8000-' || lpad(to_hex(200 * number), 12, '0'))::uuid,
    CASE WHEN n < 100 THEN 'done' WHEN number % 2 = 0 THEN 'sent' ELSE 'waiting' END, CASE WHEN n < 100 THEN 'processed' END
FROM generate_series(1, 100) n, generate_series(1, $1::bigint / 2000) number;

-- corrections: One for every thousand payments.
INSERT INTO corrections (change_id, provider, payment_id, case_key, patch, before, at_stake, reason, author, status)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'xendit', 'py-' || n, 'xendit:py-' || n, '{}', '{}', 50000, 'r', 'sari', 'applied'
FROM generate_series(1, $1::bigint / 1000) n;

-- problems: Some of which somebody has said something.
INSERT INTO problems (fingerprint, status, changed_by) SELECT 'f' || n, 'acknowledged', 'sari' FROM generate_series(1, 50) n;

-- notes: And noted something.
INSERT INTO problem_notes (note_id, fingerprint, author, note)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'f' || n % 50, 'sari', 'seen' FROM generate_series(1, 200) n;

-- acts: One for every fifty payments.
INSERT INTO operator_acts (act_id, actor, verb, target, reason)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'a', 'claim', 'target-' || n, 'r' FROM generate_series(1, $1::bigint / 50) n;

-- idempotency_keys: One for every ten payments.
INSERT INTO idempotency_keys (idempotency_key, request_sha256, status, answer)
SELECT 'key-' || n, '\x00', 200, '{}' FROM generate_series(1, $1::bigint / 10) n;

-- payment_requests: One for every second payment, a few of them open, waiting, or for a person to confirm.
INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, slot, status,
    page_secret, page_digest, next_try_at, position, instrument)
SELECT 'req_' || lpad(to_hex(n), 32, '0'), CASE WHEN n % 5 = 0 THEN 'order' ELSE 'topup' END, 'c' || 1 + n % ($1 / 4),
    CASE WHEN n % 20 = 0 THEN 'manual' ELSE 'xendit' END, 50000, 'qris', 'QRIS', CASE WHEN n % 50 = 0 THEN 'slot-' || n END,
    CASE WHEN n % 1000 = 0 THEN 'requested' WHEN n % 30 = 0 THEN 'refused' ELSE 'open' END,
    'secret-' || n, sha256(('secret-' || n)::bytea), CASE WHEN n % 1000 = 0 THEN timestamptz '2026-01-15' END, 10 * n,
    CASE WHEN n % 3 = 0 THEN json_build_object('va_number', 10766000000000 + n) ELSE json_build_object('qr_string', '000201' || n) END
FROM generate_series(1, $1::bigint / 2) n;

-- plan_requests: One for every second customer, a few of them waiting.
INSERT INTO plan_requests (request_id, customer_id, provider, plan, amount_idr, reference, slot, status, sold, plan_key, next_try_at, position)
SELECT 'sub_' || lpad(to_hex(n), 32, '0'), 'c' || 2 * n, 'xendit', 'pro-bulanan', 200000, 'pro-' || lpad(to_hex(n), 32, '0'),
    '["c' || 2 * n || '","pro-bulanan"]', 'open', '{}', 'repl-' || n, CASE WHEN n % 1000 = 0 THEN timestamptz '2026-01-15' END, 10 * n
FROM generate_series(1, $1::bigint / 8) n;
-- refunds: One for every twentieth payment, a few of them under way.
INSERT INTO refunds (refund_id, provider, payment_id, names, customer_id, amount_idr, reason, made_by, status, provider_refund_id,
    next_try_at, set_aside, position)
SELECT 'rfn_' || lpad(to_hex(n), 32, '0'), 'xendit', 'py-' || n, ARRAY['py-' || n, 'pr-' || n], 'c' || 1 + n % ($1 / 4), 10000,
    'requested_by_customer', CASE WHEN n % 60 = 0 THEN 'provider' ELSE 'api' END,
    CASE WHEN n % 2000 = 0 THEN 'reserved' WHEN n % 300 = 0 THEN 'failed' ELSE 'succeeded' END, 'rfd-' || n,
    CASE WHEN n % 2000 = 0 THEN timestamptz '2026-01-15' END, n % 40 = 0, 10 * n
FROM generate_series(20, $1::bigint, 20) n;

-- tiers: Two changes for every customer.
INSERT INTO tier_changes_v1 (customer_id, step, tier, until, fallback_tier, reason)
SELECT 'c' || 1 + n / 2, 10 * n, 'bpp', NULL, 'bpp', 'first_topup' FROM generate_series(0, $1::bigint / 2 - 1) n;

-- spending: One for every customer, a few of them frozen.
INSERT INTO spending_v1 (customer_id, spent_idr, reserved_tokens, frozen, month, month_tokens, month_papers, day, day_tokens, position)
SELECT 'c' || n, 1000, 0, CASE WHEN n % 1000 = 0 THEN 'a dispute' END, '2026-01', 100, 0, '2026-01-15', 10, 10 * n
FROM generate_series(1, $1::bigint / 4) n;

-- accounts: One for every customer.
INSERT INTO credit_accounts (customer_id, format, customer_version, credit_version, credit_tokens, reserved_tokens, spent_tokens, debt_tokens, state)
SELECT 'c' || n, 1, 1, 1, 2000000, 0, 0, 0, '{}' FROM generate_series(1, $1::bigint / 4) n;

-- references: One for every second payment.
INSERT INTO credit_acts (customer_id, kind, reference, position)
SELECT 'c' || 1 + n % ($1 / 4), 'spend', 'r-' || n, n FROM generate_series(1, $1::bigint / 2) n;

-- fulfilment_cases: One for every payment, a few that will be looked at again.
INSERT INTO fulfilment_cases (case_key, kind, customer_id, state, due_at, position)
SELECT 'xendit:py-' || n, 'payment', 'c' || 1 + n % ($1 / 4), '{}', CASE WHEN n % 20 = 0 THEN timestamptz '2030-01-01' + n * interval '1 minute' END, 5 * n
FROM generate_series(1, $1::bigint) n;

-- fulfilment_aliases: Two names for every case.
INSERT INTO fulfilment_aliases (alias, case_key)
SELECT 'xendit:py-' || n, 'xendit:py-' || n FROM generate_series(1, $1::bigint) n
UNION ALL
SELECT 'xendit:pr-' || n, 'xendit:py-' || n FROM generate_series(1, $1::bigint) n;

-- reconcile_runs: One for every thousandth payment.
INSERT INTO reconcile_runs (run_id, provider, since, asked_by, status, started_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'xendit', '2026-01-01', 'schedule', CASE WHEN n = 1 THEN 'running' ELSE 'done' END,
    '2026-01-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, $1::bigint / 1000) n;

-- confirmations: What the provider said of a handful of payments that wait for its word.
INSERT INTO confirmations (case_key, provider, payment_id, answer, our_amount, next_at)
SELECT 'xendit:py-' || n, 'xendit', 'py-' || n, 'unknown', 900000, clock_timestamp() + interval '1 hour' FROM generate_series(1, 20) n WHERE n <= $1::bigint;

-- reconcile_findings: One for every hundredth payment, a few of them open, a tenth given to intake.
INSERT INTO reconcile_findings (provider, kind, payment_id, finding_id, our_amount, at, delivery_id, first_run, last_run, resolved_at)
SELECT 'xendit', CASE WHEN n % 10 = 0 THEN 'missing_here' ELSE 'amount' END, 'py-' || n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    50000, '2026-01-01'::timestamptz + n * interval '1 minute',
    CASE WHEN n % 10 = 0 THEN ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid END,
    ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n % 1000), 12, '0'))::uuid, ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n % 1000), 12, '0'))::uuid,
    CASE WHEN n % 50 > 0 THEN timestamptz '2026-02-01' END
FROM generate_series(1, $1::bigint / 100) n;

-- reconcile_seen: Two names for each tenth payment: a run is under way.
INSERT INTO reconcile_seen (provider, name)
SELECT 'xendit', 'py-' || n FROM generate_series(1, $1::bigint / 10) n
UNION ALL
SELECT 'xendit', 'pr-' || n FROM generate_series(1, $1::bigint / 10) n;

-- fulfilment_waits: One case in fifty waits for its customer.
INSERT INTO fulfilment_waits (wait_key, case_key)
SELECT 'email:' || n || '@contoh.id', 'xendit:py-' || n FROM generate_series(1, $1::bigint / 50) n;

-- fulfilment_customers: A quarter of the payments.
INSERT INTO fulfilment_customers (customer_id, email_normalized, state)
SELECT 'c' || n, 'c' || n || '@contoh.id', '{}' FROM generate_series(1, $1::bigint / 4) n;

-- customers: The same in the read models.
INSERT INTO customers_v1 (customer_id, email, email_normalized, name, phone, position)
SELECT 'c' || n, 'c' || n || '@contoh.id', 'c' || n || '@contoh.id', 'n', NULL, n FROM generate_series(1, $1::bigint / 4) n;

-- balances: One for every customer.
INSERT INTO balances_v1 (customer_id, credit_tokens, chat_tokens, topped_up_idr, spent_tokens, last_top_up_at, last_top_up_idr, tier, position)
SELECT 'c' || n, 2000000, 0, 200000, 0, '2026-01-01', 50000, 'bpp', n FROM generate_series(1, $1::bigint / 4) n;

-- subscriptions: One for every fifth customer.
INSERT INTO subscriptions_v1 (subscription_id, customer_id, provider, plan, tier, status, cancel_at_period_end, first_position, position)
SELECT 's' || n, 'c' || 5 * n, 'mayar', 'pro-bulanan', 'pro', 'active', false, n, n FROM generate_series(1, $1::bigint / 20) n;

-- enrollments: One for every fifth customer.
INSERT INTO enrollments_v1 (customer_id, course, status, order_id, provider, payment_id, granted_at, position)
SELECT 'c' || 5 * n, 'kelas-python', 'active', 'o' || n, 'scalev', 'o' || n, '2026-01-01'::timestamptz + n * interval '1 minute', n
FROM generate_series(1, $1::bigint / 20) n;

-- ledger: Two accounts for every customer, and what stands against them.
INSERT INTO ledger_v1 (account, unit, balance, position)
SELECT 'credit:c' || n, 'IDR', -200000, n FROM generate_series(1, $1::bigint / 4) n
UNION ALL
SELECT 'tokens:c' || n, 'TOKEN', -2000000, n FROM generate_series(1, $1::bigint / 4) n
UNION ALL
SELECT 'clearing:xendit', 'IDR', 200000 * ($1 / 4), 1
UNION ALL
SELECT 'issued:credit_tokens', 'TOKEN', 2000000 * ($1 / 4), 1;

-- backing: What each fact told, and each case.
INSERT INTO backing_v1 (name, provider, told, grants, facts, cleared, unbacked, cases, position)
SELECT 'fact ' || 5 * (n - 1) + step, 'xendit', '{"py":50000}', 0, 0, 0, 0, 0, 5 * n FROM generate_series(1, $1::bigint) n, unnest(ARRAY[1, 4]) step
UNION ALL
SELECT 'case xendit:py-' || n, 'xendit', '{"py":50000}', 1, 2, 50000, 0, 0, 5 * n FROM generate_series(1, $1::bigint) n;

-- payments: Four for every customer.
INSERT INTO payments_v1 (record, provider, payment_id, case_key, status, amount, refunded_amount, currency, method, customer_id, payer_email,
    paid_at, late, token_only, settled, first_position, position)
SELECT 'xendit:py-' || n, 'xendit', 'py-' || n, 'xendit:py-' || n, 'succeeded', 50000 + n, 0, 'IDR', 'QRIS', 'c' || 1 + n % ($1 / 4),
    'C' || 1 + n % ($1 / 4) || '@contoh.id', '2026-01-01'::timestamptz + n * interval '10 seconds', false, true, true, 5 * n - 3, 5 * n
FROM generate_series(1, $1::bigint) n;

-- payment_aliases: Two ids for every payment.
INSERT INTO payment_aliases_v1 (provider, alias, record)
SELECT 'xendit', 'py-' || n, 'xendit:py-' || n FROM generate_series(1, $1::bigint) n
UNION ALL
SELECT 'xendit', 'pr-' || n, 'xendit:py-' || n FROM generate_series(1, $1::bigint) n;

-- payment_timeline: Two facts and three decisions for every payment.
INSERT INTO payment_timeline_v1 (case_key, step, kind)
SELECT 'xendit:py-' || n, 5 * (n - 1) + step, CASE WHEN step IN (1, 4) THEN 'fact' ELSE 'decision' END
FROM generate_series(1, $1::bigint) n, generate_series(1, 5) step;

-- payment_merges: A few.
INSERT INTO payment_merges_v1 (record, into_record)
SELECT 'xendit:pr-' || n, 'xendit:py-' || n FROM generate_series(1, $1::bigint / 200) n;

-- suspense: One for every fifty payments, a few of them still held.
INSERT INTO suspense_v1 (suspense_id, case_key, provider, payment_id, reason, amount, payer_email, since, status, position)
SELECT 'suspense-' || n, 'xendit:py-' || n, 'xendit', 'py-' || n, 'customer_unknown', 50000, 'x@contoh.id',
    '2026-01-01'::timestamptz + n * interval '1 minute', CASE WHEN n % 10 = 0 THEN 'held' ELSE 'released' END, n
FROM generate_series(1, $1::bigint / 50) n;

-- endpoints: A few.
INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by)
SELECT 'ep_' || n, 'toko', 'https://contoh.id/' || n, '{payment.received}', 'aaaaaaaaaaaa', 'sari' FROM generate_series(1, 5) n;

-- notifications: One for each payment and each of two receivers; a few wait.
INSERT INTO notifications (event_id, receiver, position, kind, subject, customer_id, occurred_at, data, status, created_at)
SELECT md5(n::text)::uuid, receiver, 5 * n, 'payment.received', 'xendit:py-' || n, 'c' || 1 + n % ($1 / 4), '2026-01-01'::timestamptz + n * interval '10 seconds',
    '{}', CASE WHEN n % 500 = 0 THEN 'waiting' ELSE 'delivered' END, '2026-01-01'::timestamptz + n * interval '10 seconds'
FROM generate_series(1, $1::bigint) n, unnest(ARRAY['ep_1', 'email']) receiver;

-- personal_data: Sealed from the beginning.
INSERT INTO personal_data (key_check, key_check_before, since) VALUES ('\x00', '\x01', 0);

-- person_keys: One for every customer and one for every address; a few destroyed.
INSERT INTO person_keys (name, address_index, customer_id, wrapped_key, sealed, wrapped_by, destroyed_at, erasure_id)
SELECT '~' || translate(lpad(n::text, 16, '0'), '0189', 'abcd'), CASE WHEN n % 2 = 0 AND n % 500 > 0 THEN sha256(n::text::bytea) END,
    CASE WHEN n % 2 = 1 AND n % 500 > 0 THEN 'c' || n END, CASE WHEN n % 500 > 0 THEN '\x00'::bytea END,
    CASE WHEN n % 2 = 0 AND n % 500 > 0 THEN '\x00'::bytea END, CASE WHEN n % 100 > 0 THEN '\x00'::bytea END, CASE WHEN n % 500 = 0 THEN now() END,
    CASE WHEN n % 500 = 0 THEN md5(n::text)::uuid END
FROM generate_series(1, $1::bigint / 4) n;

-- addresses_in_clear: Some.
INSERT INTO addresses_in_clear (address_index) SELECT sha256(('a' || n)::bytea) FROM generate_series(1, $1::bigint / 20) n;

-- body_archives: Some months.
INSERT INTO body_archives (month, from_id, until_id, through, file, bodies, sha256, archived_by)
SELECT m, first_id(m), first_id(m + interval '1 month'), 5, 'bodies-' || n || '.jsonl.gz', 5, sha256('x'), 'sari'
FROM generate_series(1, 60) n, LATERAL (SELECT (date '2020-01-01' + make_interval(months => n))::date AS m) AS month;

-- bodies_forgotten: A few.
INSERT INTO bodies_forgotten (delivery_id, erasure_id) SELECT md5(n::text)::uuid, md5(n::text)::uuid FROM generate_series(1, $1::bigint / 20) n;

-- erasures: A few, some of which wait.
INSERT INTO erasures (erasure_id, customer_id, reason, requested_by, approved_by, done_at)
SELECT md5(n::text)::uuid, 'c' || n, 'asked', 'sari', CASE WHEN n % 10 > 0 THEN 'dewi' END, CASE WHEN n % 10 > 0 THEN now() END
FROM generate_series(1, $1::bigint / 500) n;

-- checkpoints: Everything is folded.
UPDATE checkpoints SET position = 5 * $1::bigint;

-- changes_published: Everything was told.
UPDATE changes_published SET position = 5 * $1::bigint;

-- analyze: Once it is full, as the server does by itself: each table that has rows, no empty one, and nothing that is only made of parts.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT format('lunas.%I', relname) FROM pg_class
        WHERE relnamespace = 'lunas'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE 'ANALYZE ' || name;
    END LOOP;
END;
$$;
