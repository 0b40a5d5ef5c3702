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

-- drop: The table of one generation.
DROP TABLE IF EXISTS ledger_vN;

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
