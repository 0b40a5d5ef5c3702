-- migrate:up

CREATE TABLE lunas.projection_parked (
    name      text        NOT NULL,
    version   integer     NOT NULL,
    position  bigint      NOT NULL,
    stream    text        NOT NULL,
    type      text        NOT NULL,
    error     text        NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT projection_parked_pkey PRIMARY KEY (name, version, position),
    CONSTRAINT projection_parked_version_fkey FOREIGN KEY (name, version)
        REFERENCES lunas.projection_versions (name, version) ON DELETE CASCADE
);

CREATE INDEX projection_parked_stream_idx ON lunas.projection_parked (name, version, stream);

COMMENT ON TABLE  lunas.projection_parked IS 'Events a projection could not fold, and later events of the same streams, which wait behind them. Rows of these streams are stale; a rebuild with corrected code takes them up.';
COMMENT ON COLUMN lunas.projection_parked.name IS 'The projection.';
COMMENT ON COLUMN lunas.projection_parked.version IS 'Generation of its tables.';
COMMENT ON COLUMN lunas.projection_parked.position IS 'Log position of the event.';
COMMENT ON COLUMN lunas.projection_parked.stream IS 'Stream of the event.';
COMMENT ON COLUMN lunas.projection_parked.type IS 'Type of the event.';
COMMENT ON COLUMN lunas.projection_parked.error IS 'What went wrong, without data of the event; empty for events that only wait.';
COMMENT ON COLUMN lunas.projection_parked.parked_at IS 'When.';

CREATE VIEW lunas.projection_positions AS
SELECT
    v.name,
    v.version,
    c.position,
    c.updated_at,
    coalesce(
        (SELECT greatest(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)
         FROM lunas.events e WHERE e.position > c.position ORDER BY e.position LIMIT 1),
        0
    )::double precision AS lag_seconds
FROM lunas.projection_versions v
JOIN lunas.checkpoints c ON c.consumer = 'projection.' || v.name AND c.version = v.version AND c.partition = 0
WHERE v.status = 'live';

COMMENT ON VIEW   lunas.projection_positions IS 'How current each projection is.';
COMMENT ON COLUMN lunas.projection_positions.name IS 'The projection, for example balances.';
COMMENT ON COLUMN lunas.projection_positions.version IS 'Generation of the tables behind its view.';
COMMENT ON COLUMN lunas.projection_positions.position IS 'Log position its rows reflect.';
COMMENT ON COLUMN lunas.projection_positions.updated_at IS 'When it moved last.';
COMMENT ON COLUMN lunas.projection_positions.lag_seconds IS 'Age of the oldest event it has not looked at; 0 when there is none.';

CREATE TABLE lunas.idempotency_keys (
    idempotency_key text        NOT NULL,
    request_sha256  bytea       NOT NULL,
    status          smallint    NOT NULL,
    answer          json        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (idempotency_key)
);

CREATE INDEX idempotency_keys_created_at_idx ON lunas.idempotency_keys (created_at);

COMMENT ON TABLE  lunas.idempotency_keys IS 'Writes of the API that carried an Idempotency-Key, with their answers; kept for some days.';
COMMENT ON COLUMN lunas.idempotency_keys.idempotency_key IS 'Key the caller chose.';
COMMENT ON COLUMN lunas.idempotency_keys.request_sha256 IS 'SHA-256 over method, path and body; the same key with another one is refused.';
COMMENT ON COLUMN lunas.idempotency_keys.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN lunas.idempotency_keys.answer IS 'Body of the answer.';
COMMENT ON COLUMN lunas.idempotency_keys.created_at IS 'When.';

GRANT SELECT, INSERT, DELETE ON lunas.projection_parked TO lunas_projector;
GRANT SELECT ON lunas.projection_parked TO lunas_api, lunas_operator, lunas_reader;
GRANT SELECT ON lunas.projection_positions TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
GRANT SELECT ON lunas.deliveries TO lunas_api;
GRANT SELECT, INSERT, DELETE ON lunas.idempotency_keys TO lunas_api;

-- migrate:down

DROP TABLE lunas.idempotency_keys;
DROP VIEW lunas.projection_positions;
DROP TABLE lunas.projection_parked;
