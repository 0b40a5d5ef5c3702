-- create: Table of one generation.
CREATE TABLE backing_vN (
    name     text    NOT NULL,
    provider text    NOT NULL,
    told     text    NOT NULL,
    grants   integer NOT NULL,
    facts    integer NOT NULL,
    cleared  bigint  NOT NULL,
    unbacked bigint  NOT NULL,
    cases    integer NOT NULL,
    position bigint  NOT NULL,
    CONSTRAINT backing_vN_pkey PRIMARY KEY (name)
) WITH (fillfactor = 95);
GRANT SELECT, INSERT, UPDATE, DELETE ON backing_vN TO lunas_projector;
GRANT SELECT ON backing_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS backing_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX backing_vN_wrong_idx ON backing_vN (name) WHERE cases > 0;

-- load: Rows that a batch touches.
SELECT name, provider, told, grants, facts, cleared, unbacked, cases, position FROM backing_vN WHERE name = ANY($1::text[]);

-- add: Write rows that were looked for and are not there. By ON CONFLICT each would be confirmed after, with a record of its own in the database's log.
INSERT INTO backing_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::bigint[], $7::bigint[], $8::integer[], $9::bigint[]);

-- upsert: Write whole rows.
INSERT INTO backing_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::bigint[], $7::bigint[], $8::integer[], $9::bigint[])
ON CONFLICT (name) DO UPDATE SET
    provider = excluded.provider,
    told = excluded.told,
    grants = excluded.grants,
    facts = excluded.facts,
    cleared = excluded.cleared,
    unbacked = excluded.unbacked,
    cases = excluded.cases,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT name AS key, live::text AS live, rebuilt::text AS rebuilt
FROM backing_vN AS live FULL JOIN backing_v0 AS rebuilt USING (name)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- wrong: Cases whose money no fact told of, or that grant something without any fact.
SELECT name || ': Rp ' || unbacked || ' moved that no fact of ' || provider || ' told' AS sentence
FROM backing_vN WHERE cases > 0 AND name LIKE 'case %' ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM backing_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW backing AS
SELECT
    b.name,
    b.provider,
    b.cleared,
    b.unbacked,
    b.cases,
    b.position,
    EXISTS (SELECT FROM projection_parked p WHERE p.name = 'backing' AND p.version = N) AS stale,
    b.unbacked AS amount
FROM backing_vN b
JOIN projection_positions c ON c.name = 'backing'
-- A batch may end between a grant and the assessment that names its facts, in one transaction; not once everything is read, or much later.
WHERE b.cases > 0 AND (b.position < c.position - 5000 OR c.lag_seconds = 0);
COMMENT ON VIEW backing IS 'Money that decisions moved and no fact of a provider told of, by case and in total by provider. Empty, or somebody appended what no payment stands behind.';
COMMENT ON COLUMN backing.name IS 'case <case key>, or total <provider>.';
COMMENT ON COLUMN backing.provider IS 'The provider whose money it would be.';
COMMENT ON COLUMN backing.cleared IS 'Rupiah that the decisions of the case moved in, less what they moved back.';
COMMENT ON COLUMN backing.unbacked IS 'The same as amount, under its earlier name.';
COMMENT ON COLUMN backing.cases IS '1 for a case, their number for a total. A case may be wrong with 0 rupiah: it grants something and rests on no fact.';
COMMENT ON COLUMN backing.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN backing.stale IS 'True while any event waits because it could not be folded.';
COMMENT ON COLUMN backing.amount IS 'Rupiah beyond what the facts of the case told.';
GRANT SELECT ON backing TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
