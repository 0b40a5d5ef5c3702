-- create: Table of one generation.
CREATE TABLE ledger_vN (
    account  text   NOT NULL,
    unit     text   NOT NULL,
    balance  bigint NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT ledger_vN_pkey PRIMARY KEY (account, unit)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger_vN TO lunas_projector;
GRANT SELECT ON ledger_vN TO lunas_operator;
-- Totals per unit, kept by every statement that changes an account: nobody adds up the accounts of all customers to answer a question.
CREATE TABLE ledger_totals_vN (
    unit     text    NOT NULL,
    accounts bigint  NOT NULL,
    debits   numeric NOT NULL,
    credits  numeric NOT NULL,
    CONSTRAINT ledger_totals_vN_pkey PRIMARY KEY (unit)
) WITH (fillfactor = 20);
GRANT SELECT, INSERT, UPDATE ON ledger_totals_vN TO lunas_projector;
GRANT SELECT ON ledger_totals_vN TO lunas_operator;
CREATE TRIGGER ledger_vN_added AFTER INSERT ON ledger_vN REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger_totals('ledger_totals_vN');
CREATE TRIGGER ledger_vN_changed AFTER UPDATE ON ledger_vN REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger_totals('ledger_totals_vN');

-- drop: The tables of one generation.
DROP TABLE IF EXISTS ledger_vN, ledger_totals_vN;

-- index: Secondary indexes, made after the first build.
SELECT;

-- load: Rows that a batch touches.
SELECT account, unit, balance, position
FROM ledger_vN JOIN unnest($1::text[], $2::text[]) AS touched (account, unit) USING (account, unit);

-- upsert: Write whole rows.
INSERT INTO ledger_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (account, unit) DO UPDATE SET
    balance = excluded.balance,
    position = excluded.position;

-- merge: Add what a batch changes to rows that were not read. A column that nothing in the batch touched comes as an empty array.
INSERT INTO ledger_vN AS kept
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (account, unit) DO UPDATE SET
    balance = kept.balance + excluded.balance,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT account || ' ' || unit AS key, live::text AS live, rebuilt::text AS rebuilt
FROM ledger_vN AS live FULL JOIN ledger_v0 AS rebuilt USING (account, unit)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- wrong: What the log itself says that cannot be: units that do not sum to zero, and totals that are not those of the accounts.
WITH summed AS (
    SELECT unit, count(*) AS accounts, coalesce(sum(balance) FILTER (WHERE balance > 0), 0) AS debits,
        coalesce(sum(balance) FILTER (WHERE balance < 0), 0) AS credits
    FROM ledger_vN GROUP BY unit
)
SELECT 'unit ' || unit || ': postings sum to ' || debits + credits AS sentence FROM summed WHERE debits + credits <> 0
UNION ALL
SELECT 'unit ' || unit || ': the totals are not those of the accounts' FROM summed s FULL JOIN ledger_totals_vN t USING (unit)
WHERE (s.accounts, s.debits, s.credits) IS DISTINCT FROM (t.accounts, t.debits, t.credits)
ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM ledger_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW ledger AS
SELECT
    l.account,
    l.unit,
    l.balance,
    l.position,
    EXISTS (SELECT FROM projection_parked p WHERE p.name = 'ledger' AND p.version = N) AS stale
FROM ledger_vN l;
COMMENT ON VIEW ledger IS 'Double-entry accounts; the balances of one unit sum to zero.';
COMMENT ON COLUMN ledger.account IS 'For example clearing:xendit, credit:<customer>, tokens:<customer>, sales:<product>, suspense:<provider>.';
COMMENT ON COLUMN ledger.unit IS 'IDR (rupiah), TOKEN (credit tokens) or CHAT (chat tokens).';
COMMENT ON COLUMN ledger.balance IS 'Sum of all postings; debits positive, credits negative.';
COMMENT ON COLUMN ledger.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN ledger.stale IS 'True while any event waits because it could not be folded into the ledger.';
GRANT SELECT ON ledger TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
CREATE OR REPLACE VIEW ledger_totals AS
SELECT
    t.unit,
    t.accounts,
    t.debits::bigint AS debits,
    t.credits::bigint AS credits,
    EXISTS (SELECT FROM projection_parked p WHERE p.name = 'ledger' AND p.version = N) AS stale,
    (t.debits + t.credits)::bigint AS sum
FROM ledger_totals_vN t;
COMMENT ON VIEW ledger_totals IS 'The ledger added up per unit, kept with every change. Debits and credits cancel each other, or the books are wrong.';
COMMENT ON COLUMN ledger_totals.unit IS 'IDR (rupiah), TOKEN (credit tokens) or CHAT (chat tokens).';
COMMENT ON COLUMN ledger_totals.accounts IS 'Accounts in this unit.';
COMMENT ON COLUMN ledger_totals.debits IS 'Sum of the balances above zero.';
COMMENT ON COLUMN ledger_totals.credits IS 'Sum of the balances below zero.';
COMMENT ON COLUMN ledger_totals.stale IS 'True while any event waits because it could not be folded into the ledger.';
COMMENT ON COLUMN ledger_totals.sum IS 'Of both: 0, or the books are wrong.';
GRANT SELECT ON ledger_totals TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
