-- create: Table of one generation.
CREATE TABLE payment_merges_vN (
    record      text NOT NULL,
    into_record text NOT NULL,
    CONSTRAINT payment_merges_vN_pkey PRIMARY KEY (record)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON payment_merges_vN TO lunas_projector;
GRANT SELECT ON payment_merges_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS payment_merges_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX payment_merges_vN_into_idx ON payment_merges_vN (into_record);

-- upsert: Add what is new.
INSERT INTO payment_merges_vN
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING;

-- compare: Rows that differ from the scratch rebuild.
SELECT record AS key, live::text AS live, rebuilt::text AS rebuilt
FROM payment_merges_vN AS live FULL JOIN payment_merges_v0 AS rebuilt USING (record)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM payment_merges_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW payment_merges AS
SELECT m.record, m.into_record FROM payment_merges_vN m;
COMMENT ON VIEW payment_merges IS 'Records that turned out to be the same payment as another one.';
COMMENT ON COLUMN payment_merges.record IS 'The record that is not shown any more; also the key of its case, whose steps belong to the other one now.';
COMMENT ON COLUMN payment_merges.into_record IS 'The record that stands for both.';
GRANT SELECT ON payment_merges TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
