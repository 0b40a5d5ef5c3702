-- create: Table of one generation.
CREATE TABLE tier_changes_vN (
    customer_id   text        NOT NULL,
    step          bigint      NOT NULL,
    tier          text        NOT NULL,
    until         timestamptz,
    fallback_tier text        NOT NULL,
    reason        text        NOT NULL,
    CONSTRAINT tier_changes_vN_pkey PRIMARY KEY (customer_id, step)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON tier_changes_vN TO lunas_projector;
GRANT SELECT ON tier_changes_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS tier_changes_vN;

-- index: Secondary indexes, made after the first build.
SELECT;

-- upsert: Add what is new; a change is never changed.
INSERT INTO tier_changes_vN
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING;

-- compare: Rows that differ from the scratch rebuild.
SELECT customer_id || ' ' || step AS key, live::text AS live, rebuilt::text AS rebuilt
FROM tier_changes_vN AS live FULL JOIN tier_changes_v0 AS rebuilt USING (customer_id, step)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM tier_changes_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW tier_changes AS
SELECT t.customer_id, t.step, t.tier, t.until, t.fallback_tier, t.reason, t.step AS position FROM tier_changes_vN t;
COMMENT ON VIEW tier_changes IS 'Every change of each customer''s tier; the newest one is in force until its end.';
COMMENT ON COLUMN tier_changes.customer_id IS 'Whose tier it is.';
COMMENT ON COLUMN tier_changes.step IS 'The same as position, under its earlier name.';
COMMENT ON COLUMN tier_changes.tier IS 'Tier from then on.';
COMMENT ON COLUMN tier_changes.until IS 'When it ends by the clock alone; null when it does not.';
COMMENT ON COLUMN tier_changes.fallback_tier IS 'Tier that follows its end.';
COMMENT ON COLUMN tier_changes.reason IS 'What led to it.';
COMMENT ON COLUMN tier_changes.position IS 'Log position of the change.';
GRANT SELECT ON tier_changes TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
