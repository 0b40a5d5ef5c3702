-- create: Table of one generation.
CREATE TABLE suspense_vN (
    suspense_id text   NOT NULL,
    case_key    text   NOT NULL,
    provider    text   NOT NULL,
    payment_id  text   NOT NULL,
    reason      text   NOT NULL,
    amount      bigint,
    payer_email text,
    customer_id text,
    product     text,
    since       timestamptz NOT NULL,
    status      text   NOT NULL,
    resolution  text,
    released_at timestamptz,
    released_by text,
    position    bigint NOT NULL,
    CONSTRAINT suspense_vN_pkey PRIMARY KEY (suspense_id)
) WITH (fillfactor = 85);
GRANT SELECT, INSERT, UPDATE, DELETE ON suspense_vN TO lunas_projector;
GRANT SELECT ON suspense_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS suspense_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX suspense_vN_held_idx ON suspense_vN (since DESC, suspense_id DESC) WHERE status = 'held';

-- load: Rows that a batch touches.
SELECT suspense_id, case_key, provider, payment_id, reason, amount, payer_email, customer_id, product, since, status,
    resolution, released_at, released_by, position
FROM suspense_vN WHERE suspense_id = ANY($1::text[]);

-- upsert: Write whole rows.
INSERT INTO suspense_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
    $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::timestamptz[], $14::text[], $15::bigint[])
ON CONFLICT (suspense_id) DO UPDATE SET
    case_key = excluded.case_key,
    provider = excluded.provider,
    payment_id = excluded.payment_id,
    reason = excluded.reason,
    amount = excluded.amount,
    payer_email = excluded.payer_email,
    customer_id = excluded.customer_id,
    product = excluded.product,
    since = excluded.since,
    status = excluded.status,
    resolution = excluded.resolution,
    released_at = excluded.released_at,
    released_by = excluded.released_by,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT suspense_id AS key, live::text AS live, rebuilt::text AS rebuilt
FROM suspense_vN AS live FULL JOIN suspense_v0 AS rebuilt USING (suspense_id)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM suspense_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW suspense AS
SELECT
    s.suspense_id,
    s.case_key,
    s.provider,
    s.payment_id,
    s.reason,
    s.amount,
    s.payer_email,
    s.customer_id,
    s.product,
    s.since,
    s.status,
    s.resolution,
    s.released_at,
    s.released_by,
    s.position,
    EXISTS (
        SELECT FROM projection_parked p
        WHERE p.name = 'suspense' AND p.version = N AND p.stream = 'case-' || s.case_key
    ) AS stale,
    s.suspense_id AS id,
    s.payment_id AS provider_payment_id
FROM suspense_vN s;
COMMENT ON VIEW suspense IS 'Verified money, or a grant of unknown money, that waited or still waits for a home.';
COMMENT ON COLUMN suspense.suspense_id IS 'The same as id, under its earlier name.';
COMMENT ON COLUMN suspense.case_key IS 'Case of fulfilment that holds it.';
COMMENT ON COLUMN suspense.provider IS 'Provider of the payment.';
COMMENT ON COLUMN suspense.payment_id IS 'The same as provider_payment_id, under its earlier name.';
COMMENT ON COLUMN suspense.reason IS 'Stable code: why it waits.';
COMMENT ON COLUMN suspense.amount IS 'Rupiah held; null when the provider never said.';
COMMENT ON COLUMN suspense.payer_email IS 'E-mail of the payer as the provider gave it. Personal data.';
COMMENT ON COLUMN suspense.customer_id IS 'Whose it would be, when known.';
COMMENT ON COLUMN suspense.product IS 'What it would be for, when known.';
COMMENT ON COLUMN suspense.since IS 'When the money was received.';
COMMENT ON COLUMN suspense.status IS 'held or released.';
COMMENT ON COLUMN suspense.resolution IS 'granted, refunded, written_off or changed, once released.';
COMMENT ON COLUMN suspense.released_at IS 'When it was released.';
COMMENT ON COLUMN suspense.released_by IS 'Who released it, when a person did.';
COMMENT ON COLUMN suspense.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN suspense.stale IS 'True while events of this case wait because one of them could not be folded.';
COMMENT ON COLUMN suspense.id IS 'Our id of what is held.';
COMMENT ON COLUMN suspense.provider_payment_id IS 'The provider''s id of the payment.';
GRANT SELECT ON suspense TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
