-- migrate:up

-- What a process had alone in its hands when it died (docs/adr/0097). Empty where nothing dies.
CREATE TABLE lunas.suspects (
    message  bytea       NOT NULL CHECK (octet_length(message) = 32),
    deaths   int         NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    holder   uuid,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT suspects_pkey PRIMARY KEY (message)
);

COMMENT ON TABLE  lunas.suspects IS 'Messages of the queue that are worked on alone, because the broker delivered them again and again. A row goes when the outcome is certain.';
COMMENT ON COLUMN lunas.suspects.message IS 'SHA-256 of the message.';
COMMENT ON COLUMN lunas.suspects.deaths IS 'How many processes had it in their hands before the holder, and nothing else, and did not come to an end.';
COMMENT ON COLUMN lunas.suspects.holder IS 'The process that has it in its hands, or died with it; null when that was stopped in order.';
COMMENT ON COLUMN lunas.suspects.taken_at IS 'Since when.';

GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.suspects TO lunas_processor;
GRANT SELECT ON lunas.suspects TO lunas_operator;

-- migrate:down

DROP TABLE lunas.suspects;
