-- migrate:up
-- The ledger has accounts for every customer: adding them all up for each question takes ever longer. Its totals per unit are kept by the
-- statements that change it, in a table beside each generation (projections/sql/ledger.sql).
CREATE FUNCTION lunas.keep_ledger_totals() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    changes text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT unit, balance, 1 AS accounts FROM added'
        ELSE 'SELECT unit, balance, 1 AS accounts FROM added UNION ALL SELECT unit, NULL, -1 FROM removed'
    END;
    gone text := CASE TG_OP WHEN 'INSERT' THEN 'SELECT NULL::text AS unit, 0::bigint AS balance WHERE false' ELSE 'SELECT unit, balance FROM removed' END;
BEGIN
    -- $1 names the table of totals. Balances above zero and below it are summed apart, so that a sum of zero is not all there is to see.
    EXECUTE format(
        'INSERT INTO %I AS kept (unit, accounts, debits, credits)
         SELECT unit, sum(accounts), sum(debits), sum(credits) FROM (
             SELECT unit, accounts, greatest(coalesce(balance, 0), 0) AS debits, least(coalesce(balance, 0), 0) AS credits FROM (%s) AS new
             UNION ALL
             SELECT unit, 0, -greatest(balance, 0), -least(balance, 0) FROM (%s) AS old
         ) AS changed GROUP BY unit ORDER BY unit
         ON CONFLICT (unit) DO UPDATE SET
             accounts = kept.accounts + excluded.accounts,
             debits = kept.debits + excluded.debits,
             credits = kept.credits + excluded.credits',
        TG_ARGV[0], changes, gone
    );
    RETURN NULL;
END $$;

COMMENT ON FUNCTION lunas.keep_ledger_totals() IS 'Carries what a statement changed in a generation of the ledger into its totals.';

-- Generations that are there already.
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^ledger_v\d+$'
    LOOP
        EXECUTE format(
            'CREATE TABLE lunas.ledger_totals_v%1$s (
                 unit     text    NOT NULL,
                 accounts bigint  NOT NULL,
                 debits   numeric NOT NULL,
                 credits  numeric NOT NULL,
                 CONSTRAINT ledger_totals_v%1$s_pkey PRIMARY KEY (unit)
             ) WITH (fillfactor = 20);
             INSERT INTO lunas.ledger_totals_v%1$s
             SELECT unit, count(*), coalesce(sum(balance) FILTER (WHERE balance > 0), 0), coalesce(sum(balance) FILTER (WHERE balance < 0), 0)
             FROM lunas.ledger_v%1$s GROUP BY unit;
             CREATE TRIGGER ledger_v%1$s_added AFTER INSERT ON lunas.ledger_v%1$s REFERENCING NEW TABLE AS added
                 FOR EACH STATEMENT EXECUTE FUNCTION lunas.keep_ledger_totals(''ledger_totals_v%1$s'');
             CREATE TRIGGER ledger_v%1$s_changed AFTER UPDATE ON lunas.ledger_v%1$s REFERENCING OLD TABLE AS removed NEW TABLE AS added
                 FOR EACH STATEMENT EXECUTE FUNCTION lunas.keep_ledger_totals(''ledger_totals_v%1$s'');
             GRANT SELECT, INSERT, UPDATE ON lunas.ledger_totals_v%1$s TO lunas_projector;
             GRANT SELECT ON lunas.ledger_totals_v%1$s TO lunas_operator',
            number
        );
    END LOOP;
    FOR number IN SELECT version::text FROM lunas.projection_versions WHERE name = 'ledger' AND status = 'live'
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE VIEW lunas.ledger_totals AS
             SELECT t.unit, t.accounts, t.debits::bigint AS debits, t.credits::bigint AS credits,
                 EXISTS (SELECT FROM lunas.projection_parked p WHERE p.name = ''ledger'' AND p.version = %1$s) AS stale
             FROM lunas.ledger_totals_v%1$s t;
             GRANT SELECT ON lunas.ledger_totals TO lunas_reader, lunas_api, lunas_operator, lunas_projector',
            number
        );
    END LOOP;
END $$;

-- migrate:down
DO $$
DECLARE
    number text;
BEGIN
    DROP VIEW IF EXISTS lunas.ledger_totals;
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^ledger_totals_v\d+$'
    LOOP
        EXECUTE format('DROP TRIGGER ledger_v%1$s_added ON lunas.ledger_v%1$s', number);
        EXECUTE format('DROP TRIGGER ledger_v%1$s_changed ON lunas.ledger_v%1$s', number);
        EXECUTE format('DROP TABLE lunas.ledger_totals_v%1$s', number);
    END LOOP;
    DROP FUNCTION lunas.keep_ledger_totals();
END $$;
