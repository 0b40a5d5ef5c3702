-- migrate:up

-- A hash over every range of the log, chained to the one before (docs/adr/0010): what a superuser changes later does not fit any more.
CREATE TABLE lunas.seals (
    number    bigint      NOT NULL CHECK (number > 0),
    after     bigint      NOT NULL CHECK (after >= 0),
    through   bigint      NOT NULL CHECK (through > after),
    events    integer     NOT NULL CHECK (events > 0),
    root      bytea       NOT NULL CHECK (octet_length(root) = 32),
    previous  bytea       NOT NULL CHECK (octet_length(previous) = 32),
    sealed_at timestamptz NOT NULL,
    leaves    bytea       NOT NULL CHECK (octet_length(leaves) = 40 * events),
    CONSTRAINT seals_pkey PRIMARY KEY (number),
    CONSTRAINT seals_through_key UNIQUE (through)
);
-- Hashes do not compress.
ALTER TABLE lunas.seals ALTER COLUMN leaves SET STORAGE EXTERNAL;

COMMENT ON TABLE  lunas.seals IS 'Seals of the log in order: each covers the events behind the one before it. Rows are never changed or deleted.';
COMMENT ON COLUMN lunas.seals.number IS 'From 1, without gaps.';
COMMENT ON COLUMN lunas.seals.after IS 'The last position of the seal before; 0 for the first.';
COMMENT ON COLUMN lunas.seals.through IS 'The last position that this one covers.';
COMMENT ON COLUMN lunas.seals.events IS 'How many events there are in between.';
COMMENT ON COLUMN lunas.seals.root IS 'Root of the tree (RFC 6962) over the hashes of these events.';
COMMENT ON COLUMN lunas.seals.previous IS 'Hash of the seal before; zeros for the first.';
COMMENT ON COLUMN lunas.seals.sealed_at IS 'When it was made.';
COMMENT ON COLUMN lunas.seals.leaves IS 'For each event 8 bytes, its position less `after`, and the 32 bytes of its hash: so that a changed event can be named.';

CREATE TRIGGER seals_are_immutable BEFORE UPDATE OR DELETE ON lunas.seals
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
CREATE TRIGGER seals_are_not_truncated BEFORE TRUNCATE ON lunas.seals
    FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change();

GRANT SELECT, INSERT ON lunas.seals TO lunas_processor;
GRANT SELECT ON lunas.seals TO lunas_operator;

-- migrate:down

DROP TABLE lunas.seals;
