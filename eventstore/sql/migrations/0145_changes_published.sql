-- migrate:up

-- How far the exchange lunas.changes was told. Apart from the other readers' places, because who tells it may move no other.
CREATE TABLE lunas.changes_published (
    single   boolean     NOT NULL DEFAULT true,
    position bigint      NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT changes_published_pkey PRIMARY KEY (single),
    CONSTRAINT changes_published_one_row CHECK (single)
);

COMMENT ON TABLE  lunas.changes_published IS 'How far the exchange lunas.changes was told; one row.';
COMMENT ON COLUMN lunas.changes_published.single IS 'True: there is one row.';
COMMENT ON COLUMN lunas.changes_published.position IS 'Every change up to here was confirmed by the broker. Moved by compare-and-set.';
COMMENT ON COLUMN lunas.changes_published.moved_at IS 'When it moved last.';

-- What is in the log already was there before the exchange: it is not told.
INSERT INTO lunas.changes_published (position) SELECT coalesce(max(e.position), 0) FROM lunas.events e;

GRANT SELECT ON lunas.changes_published TO lunas_api, lunas_operator, lunas_reader;
GRANT UPDATE (position, moved_at) ON lunas.changes_published TO lunas_api;

-- migrate:down

DROP TABLE lunas.changes_published;
