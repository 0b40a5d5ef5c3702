-- migrate:up

-- Which secrets have verified webhooks, from when on (docs/adr/0086): a rotation shows here whoever made it, and cannot be taken out again.
CREATE TABLE lunas.webhook_secrets (
    provider     text        NOT NULL,
    secret_id    text        NOT NULL CHECK (secret_id ~ '^[0-9a-f]{12}$'),
    seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivery_id  uuid        NOT NULL,
    known_before text[]      NOT NULL,
    CONSTRAINT webhook_secrets_pkey PRIMARY KEY (provider, secret_id)
);

COMMENT ON TABLE  lunas.webhook_secrets IS 'The first delivery that each webhook secret verified. Rows are never changed or deleted.';
COMMENT ON COLUMN lunas.webhook_secrets.provider IS 'Whose secret.';
COMMENT ON COLUMN lunas.webhook_secrets.secret_id IS 'First 12 hex digits of its SHA-256. Never the secret.';
COMMENT ON COLUMN lunas.webhook_secrets.seen_at IS 'When that delivery was stored.';
COMMENT ON COLUMN lunas.webhook_secrets.delivery_id IS 'That delivery.';
COMMENT ON COLUMN lunas.webhook_secrets.known_before IS 'Secrets of this provider that were known by then; none: it is no rotation, but where the record begins.';

CREATE TRIGGER webhook_secrets_are_immutable BEFORE UPDATE OR DELETE ON lunas.webhook_secrets
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
CREATE TRIGGER webhook_secrets_are_not_truncated BEFORE TRUNCATE ON lunas.webhook_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change();

GRANT SELECT, INSERT ON lunas.webhook_secrets TO lunas_processor;
GRANT SELECT ON lunas.webhook_secrets TO lunas_operator;

-- migrate:down

DROP TABLE lunas.webhook_secrets;
