-- create: Table of one generation.
CREATE TABLE payments_vN (
    record           text    NOT NULL,
    provider         text    NOT NULL,
    payment_id       text    NOT NULL,
    case_key         text    NOT NULL,
    status           text    NOT NULL,
    amount           bigint,
    requested_amount bigint,
    refunded_amount  bigint  NOT NULL,
    currency         text    NOT NULL,
    method           text,
    channel          text,
    payment_type     text,
    reference_id     text,
    customer_id      text,
    payer_email      text,
    paid_at          timestamptz,
    late             boolean NOT NULL,
    token_only       boolean NOT NULL,
    settled          boolean NOT NULL,
    held             text,
    failure_code     text,
    first_position   bigint  NOT NULL,
    position         bigint  NOT NULL,
    attestation      text,
    CONSTRAINT payments_vN_pkey PRIMARY KEY (record)
) WITH (fillfactor = 85);
GRANT SELECT, INSERT, UPDATE, DELETE ON payments_vN TO lunas_projector;
GRANT SELECT ON payments_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS payments_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX payments_vN_customer_idx ON payments_vN (customer_id, first_position DESC);
-- `lunas find` looks for an amount or for a payer.
CREATE INDEX payments_vN_amount_idx ON payments_vN (amount, first_position DESC);
CREATE INDEX payments_vN_payer_idx ON payments_vN (lower(payer_email), first_position DESC) WHERE payer_email IS NOT NULL;

-- upsert: Write whole rows; the position of the first event stays.
INSERT INTO payments_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
    $16::timestamptz[], $17::boolean[], $18::boolean[], $19::boolean[], $20::text[], $21::text[], $22::bigint[], $23::bigint[],
    $24::text[])
ON CONFLICT (record) DO UPDATE SET
    provider = excluded.provider,
    payment_id = excluded.payment_id,
    case_key = excluded.case_key,
    status = excluded.status,
    amount = excluded.amount,
    requested_amount = excluded.requested_amount,
    refunded_amount = excluded.refunded_amount,
    currency = excluded.currency,
    method = excluded.method,
    channel = excluded.channel,
    payment_type = excluded.payment_type,
    reference_id = excluded.reference_id,
    customer_id = excluded.customer_id,
    payer_email = excluded.payer_email,
    paid_at = excluded.paid_at,
    late = excluded.late,
    token_only = excluded.token_only,
    settled = excluded.settled,
    held = excluded.held,
    failure_code = excluded.failure_code,
    position = excluded.position,
    attestation = excluded.attestation;

-- forget: Empty what is personal in these rows.
UPDATE payments_vN SET payer_email = NULL WHERE record = ANY($1::text[]) AND payer_email IS NOT NULL;

-- compare: Rows that differ from the scratch rebuild.
SELECT record AS key, live::text AS live, rebuilt::text AS rebuilt
FROM payments_vN AS live FULL JOIN payments_v0 AS rebuilt USING (record)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM payments_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW payments AS
SELECT
    p.record,
    p.provider,
    p.payment_id,
    p.case_key,
    p.status,
    p.amount,
    p.requested_amount,
    p.refunded_amount,
    p.currency,
    CASE
        -- The words of `schemas/vocabulary.py`; an older program, a provider or an operator may have written any.
        WHEN p.method IS NULL OR p.method IN ('qris', 'va', 'ewallet', 'card', 'retail', 'direct_debit', 'paylater', 'bank_transfer', 'cod', 'marketplace', 'invoice',
            'payment_link', 'no_payment', 'manual', 'other') THEN p.method
        ELSE 'other'
    END AS method,
    p.channel,
    p.payment_type,
    p.reference_id,
    p.customer_id,
    p.payer_email,
    p.paid_at,
    p.late,
    p.token_only,
    p.settled,
    p.held,
    p.failure_code,
    p.first_position,
    p.position,
    EXISTS (
        SELECT FROM projection_parked k
        WHERE k.name = 'payments' AND k.version = N AND k.stream = 'case-' || p.case_key
    ) AS stale,
    p.payment_id AS provider_payment_id,
    -- What an earlier program assessed says only whether a token alone vouches for it.
    coalesce(p.attestation, CASE WHEN p.token_only AND p.paid_at IS NOT NULL THEN 'token_only' END) AS attestation
FROM payments_vN p
WHERE NOT EXISTS (SELECT FROM payment_merges_vN m WHERE m.record = p.case_key);
COMMENT ON VIEW payments IS 'Payments as we assess them after everything their providers said so far.';
COMMENT ON COLUMN payments.record IS 'Our stable key of the payment.';
COMMENT ON COLUMN payments.provider IS 'Provider it was made through.';
COMMENT ON COLUMN payments.payment_id IS 'The same as provider_payment_id, under its earlier name.';
COMMENT ON COLUMN payments.case_key IS 'Case of fulfilment that decides about it; may hold several payments.';
COMMENT ON COLUMN payments.status IS 'pending, authorized, succeeded, failed, expired, partially_refunded, refunded or reversed.';
COMMENT ON COLUMN payments.amount IS 'Rupiah received; null when no event told.';
COMMENT ON COLUMN payments.requested_amount IS 'Rupiah asked for; null when no event told.';
COMMENT ON COLUMN payments.refunded_amount IS 'Rupiah that went back to the payer.';
COMMENT ON COLUMN payments.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN payments.method IS 'How it was paid, in the same words for every provider; other for any that none of them means.';
COMMENT ON COLUMN payments.channel IS 'Channel in the provider''s words, for example a bank.';
COMMENT ON COLUMN payments.payment_type IS 'What it is for, where known: credit top-up, order, subscription, …';
COMMENT ON COLUMN payments.reference_id IS 'Our reference that the provider echoed.';
COMMENT ON COLUMN payments.customer_id IS 'Whose payment it is, when known.';
COMMENT ON COLUMN payments.payer_email IS 'E-mail of the payer as the provider gave it. Personal data.';
COMMENT ON COLUMN payments.paid_at IS 'When it was paid, by the provider''s clock.';
COMMENT ON COLUMN payments.late IS 'True when the money came after expiry or failure.';
COMMENT ON COLUMN payments.token_only IS 'True when only a static token vouches for it, no signature over the body.';
COMMENT ON COLUMN payments.settled IS 'True when it reached the merchant''s balance.';
COMMENT ON COLUMN payments.held IS 'Why its money is held in suspense; null when it is not.';
COMMENT ON COLUMN payments.failure_code IS 'The provider''s code of the newest failure.';
COMMENT ON COLUMN payments.first_position IS 'Log position of its first assessment; newest first when sorted downwards.';
COMMENT ON COLUMN payments.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN payments.stale IS 'True while events of this payment wait because one of them could not be folded.';
COMMENT ON COLUMN payments.provider_payment_id IS 'The provider''s id; becomes more precise when a request turns into a payment.';
COMMENT ON COLUMN payments.attestation IS 'How much we know of the money that came: token_only, signed, api_confirmed, settled or operator; null of none.';
GRANT SELECT ON payments TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
