-- migrate:up

-- What a provider said last of a licence. A cache, and what is told of its word while it cannot be asked. Nothing of the buyer.
CREATE TABLE lunas.licence_checks (
    code_sha256 bytea       NOT NULL,
    provider    text        NOT NULL,
    product_id  text        NOT NULL,
    checked_at  timestamptz NOT NULL,
    records_at  bigint      NOT NULL,
    word        json        NOT NULL,
    CONSTRAINT licence_checks_pkey PRIMARY KEY (code_sha256, provider, product_id)
);
CREATE INDEX licence_checks_age_idx ON lunas.licence_checks (checked_at);

COMMENT ON TABLE lunas.licence_checks IS 'What a provider said last of a licence: repeated for a while, and told with its age while it cannot be asked.';
COMMENT ON COLUMN lunas.licence_checks.code_sha256 IS 'SHA-256 of the licence code.';
COMMENT ON COLUMN lunas.licence_checks.provider IS 'Who said it.';
COMMENT ON COLUMN lunas.licence_checks.product_id IS 'The provider''s id of the product it was asked about.';
COMMENT ON COLUMN lunas.licence_checks.checked_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN lunas.licence_checks.records_at IS 'Log position of our own record of this licence then; a later one ends the cache.';
COMMENT ON COLUMN lunas.licence_checks.word IS 'Status, end, activations and name of the tier.';

GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.licence_checks TO lunas_api;
GRANT SELECT ON lunas.licence_checks TO lunas_operator;

-- Licences are looked up by their code.
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^subscriptions_v\d+$'
    LOOP
        EXECUTE format(
            'CREATE INDEX IF NOT EXISTS subscriptions_v%1$s_licence_idx ON lunas.subscriptions_v%1$s (licence_code) '
            'WHERE licence_code IS NOT NULL', number
        );
    END LOOP;
END $$;

-- migrate:down

DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^subscriptions_v\d+$'
    LOOP
        EXECUTE format('DROP INDEX IF EXISTS lunas.subscriptions_v%1$s_licence_idx', number);
    END LOOP;
END $$;
DROP TABLE lunas.licence_checks;
