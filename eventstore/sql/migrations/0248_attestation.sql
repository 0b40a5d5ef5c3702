-- migrate:up

-- How much we know of the money of each payment (docs/adr/0066). Generations that are there already get the column, and the view over the live
-- one shows it; what is made from now on has both (projections/sql/payments.sql).
DO $do$
DECLARE
    generation integer;
BEGIN
    FOR generation IN SELECT version FROM lunas.projection_versions WHERE name = 'payments' LOOP
        EXECUTE format('ALTER TABLE IF EXISTS lunas.payments_v%s ADD COLUMN IF NOT EXISTS attestation text', generation);
    END LOOP;
    SELECT version INTO generation FROM lunas.projection_versions WHERE name = 'payments' AND status = 'live';
    IF generation IS NULL OR to_regclass('lunas.payments') IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format($view$
CREATE OR REPLACE VIEW lunas.payments AS
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
        SELECT FROM lunas.projection_parked k
        WHERE k.name = 'payments' AND k.version = %1$s AND k.stream = 'case-' || p.case_key
    ) AS stale,
    p.payment_id AS provider_payment_id,
    coalesce(p.attestation, CASE WHEN p.token_only AND p.paid_at IS NOT NULL THEN 'token_only' END) AS attestation
FROM lunas.payments_v%1$s p
WHERE NOT EXISTS (SELECT FROM lunas.payment_merges_v%1$s m WHERE m.record = p.case_key)
    $view$, generation);
    COMMENT ON COLUMN lunas.payments.attestation IS 'How much we know of the money that came: token_only, signed, api_confirmed, settled or operator; null of none.';
END;
$do$;

-- migrate:down

-- The view is as it was. The column stays: an earlier program writes and reads without it.
DO $do$
DECLARE
    columns text;
    shown   text;
BEGIN
    IF to_regclass('lunas.payments') IS NULL THEN
        RETURN;
    END IF;
    SELECT string_agg(format('v.%I', attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
    WHERE attrelid = 'lunas.payments'::regclass AND attnum > 0 AND attname <> 'attestation';
    shown := rtrim(pg_get_viewdef('lunas.payments'::regclass), '; ');
    DROP VIEW lunas.payments;
    EXECUTE format('CREATE VIEW lunas.payments AS SELECT %s FROM (%s) v', columns, shown);
    GRANT SELECT ON lunas.payments TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
END;
$do$;
