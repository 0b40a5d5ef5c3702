-- migrate:up

-- Views say the same thing as the API, in the same word (`projections/sql/*.sql` say it for new generations). What is there keeps its columns, so
-- that queries of analysts go on; only `spending.frozen`, which was a reason here and yes or no there, is called `frozen_reason`.
DO $$
DECLARE
    one record;
    columns text;
BEGIN
    IF to_regclass('lunas.spending') IS NOT NULL THEN
        ALTER VIEW lunas.spending RENAME COLUMN frozen TO frozen_reason;
    END IF;
    IF to_regclass('lunas.payments') IS NOT NULL THEN
        SELECT string_agg(CASE attname WHEN 'method' THEN
            'CASE WHEN v.method IS NULL OR v.method IN (''qris'', ''va'', ''ewallet'', ''card'', ''retail'', ''direct_debit'', ''paylater'',
                 ''bank_transfer'', ''cod'', ''marketplace'', ''invoice'', ''payment_link'', ''no_payment'', ''manual'', ''other'')
             THEN v.method ELSE ''other'' END AS method' ELSE format('v.%I', attname) END, ', ' ORDER BY attnum)
        INTO columns FROM pg_attribute WHERE attrelid = 'lunas.payments'::regclass AND attnum > 0;
        EXECUTE format('CREATE OR REPLACE VIEW lunas.payments AS SELECT %s FROM (%s) v', columns,
            rtrim(pg_get_viewdef('lunas.payments'::regclass), '; '));
    END IF;
    FOR one IN
        SELECT * FROM (VALUES
            ('payments', 'v.payment_id AS provider_payment_id'),
            ('enrollments', 'v.payment_id AS provider_payment_id'),
            ('suspense', 'v.suspense_id AS id, v.payment_id AS provider_payment_id'),
            ('balances', 'floor(v.credit_tokens / 10.0)::bigint AS credit_idr, greatest(-v.credit_tokens, 0) AS debt_tokens'),
            ('spending', 'v.frozen_reason IS NOT NULL AS frozen'),
            ('tier_changes', 'v.step AS position'),
            ('payment_timeline', 'v.step AS position'),
            ('backing', 'v.unbacked AS amount'),
            ('ledger_totals', 'v.debits + v.credits AS sum')
        ) AS added (name, columns) WHERE to_regclass('lunas.' || name) IS NOT NULL
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW lunas.%I AS SELECT v.*, %s FROM (%s) v', one.name, one.columns,
            rtrim(pg_get_viewdef(('lunas.' || one.name)::regclass), '; '));
    END LOOP;
    FOR one IN
        SELECT * FROM (VALUES
            ('payments', 'payment_id', 'The same as provider_payment_id, under its earlier name.'),
            ('payments', 'provider_payment_id', 'The provider''s id; becomes more precise when a request turns into a payment.'),
            ('payments', 'method', 'How it was paid, in the same words for every provider; other for any that none of them means.'),
            ('enrollments', 'payment_id', 'The same as provider_payment_id, under its earlier name.'),
            ('enrollments', 'provider_payment_id', 'The provider''s id of the payment behind it.'),
            ('suspense', 'suspense_id', 'The same as id, under its earlier name.'),
            ('suspense', 'id', 'Our id of what is held.'),
            ('suspense', 'payment_id', 'The same as provider_payment_id, under its earlier name.'),
            ('suspense', 'provider_payment_id', 'The provider''s id of the payment.'),
            ('balances', 'credit_idr', 'A tenth of credit_tokens, in rupiah, rounded down.'),
            ('balances', 'debt_tokens', 'Spent before its money went back; the next top-ups cover it.'),
            ('spending', 'frozen', 'Nothing can be spent until an operator has looked at it.'),
            ('tier_changes', 'step', 'The same as position, under its earlier name.'),
            ('tier_changes', 'position', 'Log position of the change.'),
            ('payment_timeline', 'step', 'The same as position, under its earlier name.'),
            ('payment_timeline', 'position', 'Log position of the event.'),
            ('backing', 'unbacked', 'The same as amount, under its earlier name.'),
            ('backing', 'amount', 'Rupiah beyond what the facts of the case told.'),
            ('ledger_totals', 'sum', 'Of both: 0, or the books are wrong.')
        ) AS said (name, col, comment) WHERE to_regclass('lunas.' || name) IS NOT NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN lunas.%I.%I IS %L', one.name, one.col, one.comment);
    END LOOP;
END $$;

-- migrate:down

-- A column of a view cannot be taken away: the view is made again without it.
DO $$
DECLARE
    one record;
    definition text;
    columns text;
BEGIN
    FOR one IN
        SELECT * FROM (VALUES
            ('payments', ARRAY['provider_payment_id']),
            ('enrollments', ARRAY['provider_payment_id']),
            ('suspense', ARRAY['id', 'provider_payment_id']),
            ('balances', ARRAY['credit_idr', 'debt_tokens']),
            ('spending', ARRAY['frozen']),
            ('tier_changes', ARRAY['position']),
            ('payment_timeline', ARRAY['position']),
            ('backing', ARRAY['amount']),
            ('ledger_totals', ARRAY['sum'])
        ) AS added (name, columns) WHERE to_regclass('lunas.' || name) IS NOT NULL
    LOOP
        definition := rtrim(pg_get_viewdef(('lunas.' || one.name)::regclass), '; ');
        SELECT string_agg(format('v.%I', attname), ', ' ORDER BY attnum) INTO columns
        FROM pg_attribute WHERE attrelid = ('lunas.' || one.name)::regclass AND attnum > 0 AND attname <> ALL (one.columns);
        EXECUTE format('DROP VIEW lunas.%I', one.name);
        EXECUTE format('CREATE VIEW lunas.%I AS SELECT %s FROM (%s) v', one.name, columns, definition);
        EXECUTE format('GRANT SELECT ON lunas.%I TO lunas_reader, lunas_api, lunas_operator, lunas_projector', one.name);
    END LOOP;
    IF to_regclass('lunas.spending') IS NOT NULL THEN
        ALTER VIEW lunas.spending RENAME COLUMN frozen_reason TO frozen;
    END IF;
END $$;
