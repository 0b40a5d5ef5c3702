-- migrate:up

-- Parts of the log in files of their own, with their seals (docs/adr/0079). What stands here says which file holds what.
CREATE TABLE lunas.log_archives (
    part        text        NOT NULL,
    through     bigint      NOT NULL CHECK (through > 0),
    file        text        NOT NULL,
    events      bigint      NOT NULL CHECK (events > 0),
    first_seal  bigint      NOT NULL CHECK (first_seal > 0),
    last_seal   bigint      NOT NULL CHECK (last_seal >= first_seal),
    sha256      bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    archived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    archived_by text        NOT NULL,
    CONSTRAINT log_archives_pkey PRIMARY KEY (part)
);
COMMENT ON TABLE  lunas.log_archives IS 'Files with parts of the log and the seals over them.';
COMMENT ON COLUMN lunas.log_archives.part IS 'Which part of the log, as `lunas log parts` names it.';
COMMENT ON COLUMN lunas.log_archives.through IS 'Events of the part up to this position are in the file: up to its end, or to the newest seal of then.';
COMMENT ON COLUMN lunas.log_archives.file IS 'Its name in LUNAS_BODY_ARCHIVE_DIR.';
COMMENT ON COLUMN lunas.log_archives.events IS 'How many events are in it.';
COMMENT ON COLUMN lunas.log_archives.first_seal IS 'Number of the seal over its first event.';
COMMENT ON COLUMN lunas.log_archives.last_seal IS 'Number of the seal over its last one.';
COMMENT ON COLUMN lunas.log_archives.sha256 IS 'Of its lines before they were packed, the last one left out.';
COMMENT ON COLUMN lunas.log_archives.archived_at IS 'When it was written for the last time.';
COMMENT ON COLUMN lunas.log_archives.archived_by IS 'Who wrote it.';

GRANT SELECT, INSERT, UPDATE ON lunas.log_archives TO lunas_operator;

-- migrate:down

DROP TABLE lunas.log_archives;
