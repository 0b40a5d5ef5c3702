-- migrate:up

CREATE TABLE lunas.api_keys (
    key_id          text        NOT NULL,
    key_sha256      bytea       NOT NULL,
    scopes          text[]      NOT NULL CHECK (cardinality(scopes) > 0),
    customer_id     text,
    rate_per_second integer     CHECK (rate_per_second > 0),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by      text        NOT NULL,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT api_keys_sha256_key UNIQUE (key_sha256)
);

COMMENT ON TABLE  lunas.api_keys IS 'Keys of our applications beside LUNAS_API_KEY: what each may do. The keys themselves are nowhere.';
COMMENT ON COLUMN lunas.api_keys.key_id IS 'Stands at the beginning of the key, to recognise it by.';
COMMENT ON COLUMN lunas.api_keys.key_sha256 IS 'SHA-256 of the key: 256 random bits need no slower hash.';
COMMENT ON COLUMN lunas.api_keys.scopes IS 'read, checkout, spend, refund.';
COMMENT ON COLUMN lunas.api_keys.customer_id IS 'The only customer it may be used for; null: any.';
COMMENT ON COLUMN lunas.api_keys.rate_per_second IS 'Calls per second of one API process; null: no limit of its own.';
COMMENT ON COLUMN lunas.api_keys.created_at IS 'When.';
COMMENT ON COLUMN lunas.api_keys.created_by IS 'Who.';
COMMENT ON COLUMN lunas.api_keys.last_used_at IS 'When it was used last, to the minute.';
COMMENT ON COLUMN lunas.api_keys.revoked_at IS 'Since when it opens nothing any more.';

GRANT SELECT, UPDATE (last_used_at) ON lunas.api_keys TO lunas_api;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON lunas.api_keys TO lunas_operator;

-- migrate:down

DROP TABLE lunas.api_keys;
