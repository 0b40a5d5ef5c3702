-- migrate:up

-- The runner creates the schema, because its own table lives there.
COMMENT ON SCHEMA lunas IS 'Event-sourced payments: facts from providers, decisions of ours, tables folded from them.';

CREATE TABLE lunas.streams (
    stream_id bigint GENERATED ALWAYS AS IDENTITY,
    stream    text   NOT NULL,
    category  text   NOT NULL,
    version   integer NOT NULL CHECK (version > 0),
    CONSTRAINT streams_pkey PRIMARY KEY (stream)
) WITH (fillfactor = 85);

COMMENT ON TABLE  lunas.streams IS 'Head of every stream; its version is the guard of appends with an expected version.';
COMMENT ON COLUMN lunas.streams.stream_id IS 'Short key that grows with time, so that the index on events stays small and is written at its end.';
COMMENT ON COLUMN lunas.streams.stream IS 'Name, for example payment-xendit-py-1; the part before the first dash is the category.';
COMMENT ON COLUMN lunas.streams.category IS 'Part of the name before the first dash.';
COMMENT ON COLUMN lunas.streams.version IS 'Version of the newest event of the stream; the first event has version 1.';

CREATE TABLE lunas.events (
    position       bigint      GENERATED ALWAYS AS IDENTITY,
    stream_id      bigint      NOT NULL,
    event_id       uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    version        integer     NOT NULL CHECK (version > 0),
    schema_version smallint    NOT NULL CHECK (schema_version > 0),
    stream         text        NOT NULL,
    type           text        NOT NULL,
    data           json        NOT NULL,
    metadata       json        NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_stream_version_key UNIQUE (stream_id, version)
);

CREATE INDEX events_type_position_idx ON lunas.events (type, position);

COMMENT ON TABLE  lunas.events IS 'The log: facts and decisions, in commit order. Rows are never changed or deleted.';
COMMENT ON COLUMN lunas.events.position IS 'Commit-ordered number in the whole log. May have gaps, never reorders: a reader needs only position > its checkpoint.';
COMMENT ON COLUMN lunas.events.stream_id IS 'Key of the stream in streams; look a stream up by its name there.';
COMMENT ON COLUMN lunas.events.event_id IS 'UUID version 7 of the event, drawn by the appender.';
COMMENT ON COLUMN lunas.events.recorded_at IS 'Wall clock of the database when the row was written.';
COMMENT ON COLUMN lunas.events.version IS 'Number of the event in its stream, from 1.';
COMMENT ON COLUMN lunas.events.schema_version IS 'Version of the data''s shape; older ones are lifted to the newest when read.';
COMMENT ON COLUMN lunas.events.stream IS 'Name of the stream, as in streams; for people and queries that read a range of the log.';
COMMENT ON COLUMN lunas.events.type IS 'What happened, for example payment.succeeded.';
COMMENT ON COLUMN lunas.events.data IS 'The event as JSON text, kept exactly as written.';
COMMENT ON COLUMN lunas.events.metadata IS 'JSON: correlation_id, causation_id, and where known delivery_id, actor, catalog_version.';

CREATE FUNCTION lunas.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: rows are only ever added', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;

COMMENT ON FUNCTION lunas.refuse_change() IS 'Refuses to change what was recorded, for every role, owners and superusers included.';

-- Row-level, because PostgreSQL clones row triggers to partitions; statement triggers of a parent do not guard them.
CREATE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE ON lunas.events
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON lunas.events
    FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change();

-- Positions are drawn while this lock is held and it is released by the commit: so their order is the order of commits.
-- `append` takes it first of all; this trigger is for every other writer there may ever be.
CREATE FUNCTION lunas.take_log_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7821440271);
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION lunas.take_log_lock() IS 'Serialises appends; the number is LOG_LOCK in eventstore/append.py.';

CREATE TRIGGER events_in_commit_order BEFORE INSERT ON lunas.events
    FOR EACH STATEMENT EXECUTE FUNCTION lunas.take_log_lock();

-- migrate:down

DROP TABLE lunas.events;
DROP TABLE lunas.streams;
DROP FUNCTION lunas.take_log_lock();
DROP FUNCTION lunas.refuse_change();
