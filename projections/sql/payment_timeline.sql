-- create: Table of one generation.
CREATE TABLE payment_timeline_vN (
    case_key   text   NOT NULL,
    step       bigint NOT NULL,
    kind       text   NOT NULL,
    CONSTRAINT payment_timeline_vN_pkey PRIMARY KEY (case_key, step)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON payment_timeline_vN TO lunas_projector;
GRANT SELECT ON payment_timeline_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS payment_timeline_vN;

-- index: Secondary indexes, made after the first build.
SELECT;

-- upsert: Add what is new; a step never changes. As in `payment_aliases` without ON CONFLICT.
INSERT INTO payment_timeline_vN
SELECT case_key, step, kind FROM unnest($1::text[], $2::bigint[], $3::text[]) AS new (case_key, step, kind)
WHERE (SELECT true FROM payment_timeline_vN AS known WHERE known.case_key = new.case_key AND known.step = new.step) IS NULL;

-- compare: Rows that differ from the scratch rebuild.
SELECT case_key || ' ' || step AS key, live::text AS live, rebuilt::text AS rebuilt
FROM payment_timeline_vN AS live FULL JOIN payment_timeline_v0 AS rebuilt USING (case_key, step)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM payment_timeline_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW payment_timeline AS
SELECT t.case_key, t.step, t.kind, t.step AS position FROM payment_timeline_vN t;
COMMENT ON VIEW payment_timeline IS 'Facts and decisions about each payment, by their log positions.';
COMMENT ON COLUMN payment_timeline.case_key IS 'Case of fulfilment the step belongs to.';
COMMENT ON COLUMN payment_timeline.step IS 'The same as position, under its earlier name.';
COMMENT ON COLUMN payment_timeline.kind IS 'fact (what a provider said) or decision (what we did because of it).';
COMMENT ON COLUMN payment_timeline.position IS 'Log position of the event.';
GRANT SELECT ON payment_timeline TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
