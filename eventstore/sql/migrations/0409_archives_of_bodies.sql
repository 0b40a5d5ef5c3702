-- migrate:up

-- Bytes of webhooks by month in files of their own (docs/adr/0091). What stands here says which file holds what, so that bytes are emptied only where a file has them.
CREATE TABLE lunas.body_archives (
    month         date        NOT NULL CHECK (extract(day FROM month) = 1),
    from_id       uuid        NOT NULL,
    until_id      uuid        NOT NULL CHECK (until_id > from_id),
    through       bigint      NOT NULL CHECK (through >= 0),
    file          text        NOT NULL,
    bodies        bigint      NOT NULL CHECK (bodies >= 0),
    sha256        bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    archived_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    archived_by   text        NOT NULL,
    CONSTRAINT body_archives_pkey PRIMARY KEY (month)
);
COMMENT ON TABLE  lunas.body_archives IS 'Files with the bytes of a month''s webhooks.';
COMMENT ON COLUMN lunas.body_archives.month IS 'Its first day, UTC.';
COMMENT ON COLUMN lunas.body_archives.from_id IS 'Ids of the month''s deliveries are no smaller.';
COMMENT ON COLUMN lunas.body_archives.until_id IS 'And are smaller than this one.';
COMMENT ON COLUMN lunas.body_archives.through IS 'Those whose receipt stands in the log at this position or before are in the file, unless they were emptied or forgotten before.';
COMMENT ON COLUMN lunas.body_archives.file IS 'Its name in LUNAS_BODY_ARCHIVE_DIR.';
COMMENT ON COLUMN lunas.body_archives.bodies IS 'How many webhooks are in it.';
COMMENT ON COLUMN lunas.body_archives.sha256 IS 'Of its lines before they were packed, the last one left out.';
COMMENT ON COLUMN lunas.body_archives.archived_at IS 'When it was written for the last time; nobody who was forgotten before is in it.';
COMMENT ON COLUMN lunas.body_archives.archived_by IS 'Who wrote it.';

CREATE TABLE lunas.bodies_forgotten (
    delivery_id uuid        NOT NULL,
    erasure_id  uuid        NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT bodies_forgotten_pkey PRIMARY KEY (delivery_id)
);
COMMENT ON TABLE  lunas.bodies_forgotten IS 'Webhooks that were emptied because a person was forgotten: they go out of the files of their months as well.';
COMMENT ON COLUMN lunas.bodies_forgotten.delivery_id IS 'Whose bytes.';
COMMENT ON COLUMN lunas.bodies_forgotten.erasure_id IS 'By which erasure.';
COMMENT ON COLUMN lunas.bodies_forgotten.at IS 'When, under the lock of the log.';

GRANT SELECT ON lunas.body_archives TO lunas_processor, lunas_operator;
GRANT INSERT, UPDATE ON lunas.body_archives TO lunas_operator;
GRANT SELECT, INSERT ON lunas.bodies_forgotten TO lunas_operator;

-- migrate:down

DROP TABLE lunas.bodies_forgotten;
DROP TABLE lunas.body_archives;
