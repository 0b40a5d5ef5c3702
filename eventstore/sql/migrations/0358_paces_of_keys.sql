-- migrate:up

-- How often a key is used is one count for all API processes. Not logged: a share that is forgotten in a crash is a second's calls.
CREATE UNLOGGED TABLE lunas.api_key_paces (
    key_id   text        NOT NULL,
    clear_at timestamptz NOT NULL,
    CONSTRAINT api_key_paces_pkey PRIMARY KEY (key_id)
) WITH (fillfactor = 20);

COMMENT ON TABLE  lunas.api_key_paces IS 'How often each key with a rate was used just now, by all API processes together. Empty after a crash of the database.';
COMMENT ON COLUMN lunas.api_key_paces.key_id IS 'Of `api_keys`.';
COMMENT ON COLUMN lunas.api_key_paces.clear_at IS 'When nothing it did will count any more, by the database''s clock; each call moves it by its share of a second.';
COMMENT ON COLUMN lunas.api_keys.rate_per_second IS 'Calls per second, in all API processes together; null: no limit of its own.';

GRANT SELECT, INSERT, UPDATE ON lunas.api_key_paces TO lunas_api;

-- migrate:down

COMMENT ON COLUMN lunas.api_keys.rate_per_second IS 'Calls per second of one API process; null: no limit of its own.';
DROP TABLE lunas.api_key_paces;
