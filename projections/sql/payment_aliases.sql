-- create: Table of one generation.
CREATE TABLE payment_aliases_vN (
    provider text NOT NULL,
    alias    text NOT NULL,
    record   text NOT NULL,
    CONSTRAINT payment_aliases_vN_pkey PRIMARY KEY (provider, alias, record)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON payment_aliases_vN TO lunas_projector;
GRANT SELECT ON payment_aliases_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS payment_aliases_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX payment_aliases_vN_record_idx ON payment_aliases_vN (record);

-- upsert: Add what is new; an alias never goes away. The checkpoint lets nobody in between; by ON CONFLICT each row would be confirmed after, with a
-- record of its own in the database's log.
INSERT INTO payment_aliases_vN
SELECT provider, alias, record FROM unnest($1::text[], $2::text[], $3::text[]) AS new (provider, alias, record)
WHERE (
    SELECT true FROM payment_aliases_vN AS known
    WHERE known.provider = new.provider AND known.alias = new.alias AND known.record = new.record
) IS NULL;

-- compare: Rows that differ from the scratch rebuild.
SELECT provider || ' ' || alias || ' ' || record AS key, live::text AS live, rebuilt::text AS rebuilt
FROM payment_aliases_vN AS live FULL JOIN payment_aliases_v0 AS rebuilt USING (provider, alias, record)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM payment_aliases_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW payment_aliases AS
SELECT a.provider, a.alias, a.record FROM payment_aliases_vN a;
COMMENT ON VIEW payment_aliases IS 'Every id that finds a payment.';
COMMENT ON COLUMN payment_aliases.provider IS 'Provider whose id it is.';
COMMENT ON COLUMN payment_aliases.alias IS 'An id of the provider''s, or our reference.';
COMMENT ON COLUMN payment_aliases.record IS 'Our stable key of the payment it finds.';
GRANT SELECT ON payment_aliases TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
