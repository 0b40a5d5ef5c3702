-- create: Table of one generation.
CREATE TABLE customers_vN (
    customer_id      text   NOT NULL,
    email            text,
    email_normalized text,
    name             text,
    phone            text,
    position         bigint NOT NULL,
    CONSTRAINT customers_vN_pkey PRIMARY KEY (customer_id)
) WITH (fillfactor = 85);
GRANT SELECT, INSERT, UPDATE, DELETE ON customers_vN TO lunas_projector;
GRANT SELECT ON customers_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS customers_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX customers_vN_email_idx ON customers_vN (email_normalized) WHERE email_normalized IS NOT NULL;

-- upsert: Write whole rows.
INSERT INTO customers_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
ON CONFLICT (customer_id) DO UPDATE SET
    email = excluded.email,
    email_normalized = excluded.email_normalized,
    name = excluded.name,
    phone = excluded.phone,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT customer_id AS key, live::text AS live, rebuilt::text AS rebuilt
FROM customers_vN AS live FULL JOIN customers_v0 AS rebuilt USING (customer_id)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM customers_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW customers AS
SELECT
    c.customer_id,
    c.email,
    c.email_normalized,
    c.name,
    c.phone,
    c.position,
    EXISTS (
        SELECT FROM projection_parked p
        WHERE p.name = 'customers' AND p.version = N AND p.stream = 'customer-' || c.customer_id
    ) AS stale
FROM customers_vN c;
COMMENT ON VIEW customers IS 'Customers as our applications registered them.';
COMMENT ON COLUMN customers.customer_id IS 'Id given by the application.';
COMMENT ON COLUMN customers.email IS 'E-mail as given. Personal data.';
COMMENT ON COLUMN customers.email_normalized IS 'E-mail in the form it is matched by: trimmed, ASCII letters in lower case, domain by IDNA. Personal data.';
COMMENT ON COLUMN customers.name IS 'Name as given. Personal data.';
COMMENT ON COLUMN customers.phone IS 'Phone number as given. Personal data.';
COMMENT ON COLUMN customers.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN customers.stale IS 'True while events of this customer wait because one of them could not be folded.';
GRANT SELECT ON customers TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
