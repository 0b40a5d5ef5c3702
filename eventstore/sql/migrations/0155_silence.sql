-- migrate:up

-- The processor looks which providers fell silent.
GRANT SELECT ON lunas.delivery_kinds TO lunas_processor;

-- What bodies of webhooks carry that this program does not know: names and types, never what stands there.
CREATE TABLE lunas.strangers (
    provider      text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('field', 'event')),
    path          text        NOT NULL,
    shape         text        NOT NULL,
    seen          bigint      NOT NULL,
    first_seen    timestamptz NOT NULL,
    last_seen     timestamptz NOT NULL,
    delivery_id   uuid        NOT NULL,
    acknowledged_at timestamptz,
    CONSTRAINT strangers_pkey PRIMARY KEY (provider, kind, path, shape)
);
COMMENT ON TABLE  lunas.strangers IS 'Fields and events of webhooks that this program does not know, counted.';
COMMENT ON COLUMN lunas.strangers.provider IS 'Provider.';
COMMENT ON COLUMN lunas.strangers.kind IS 'field or event.';
COMMENT ON COLUMN lunas.strangers.path IS 'Path of the field in the body, or name of the event. A part that is no plain name is *.';
COMMENT ON COLUMN lunas.strangers.shape IS 'Type of what stands there: string, number, boolean, object or array; of an event nothing.';
COMMENT ON COLUMN lunas.strangers.seen IS 'In how many of the bodies that were looked at.';
COMMENT ON COLUMN lunas.strangers.first_seen IS 'When the first of them was received.';
COMMENT ON COLUMN lunas.strangers.last_seen IS 'When the newest of them was received.';
COMMENT ON COLUMN lunas.strangers.delivery_id IS 'The first of them: one example.';
COMMENT ON COLUMN lunas.strangers.acknowledged_at IS 'When an operator said that it is known now; null until then.';

CREATE TABLE lunas.bodies_looked_at (
    single      boolean NOT NULL DEFAULT true,
    delivery_id uuid    NOT NULL,
    CONSTRAINT bodies_looked_at_pkey PRIMARY KEY (single),
    CONSTRAINT bodies_looked_at_one_row CHECK (single)
);
COMMENT ON TABLE  lunas.bodies_looked_at IS 'Up to which delivery bodies were searched for strangers; one row.';
COMMENT ON COLUMN lunas.bodies_looked_at.single IS 'True: there is one row.';
COMMENT ON COLUMN lunas.bodies_looked_at.delivery_id IS 'The newest one looked at. Moved by compare-and-set, together with the counts.';

-- What came before is not looked at.
INSERT INTO lunas.bodies_looked_at (delivery_id)
SELECT coalesce((SELECT d.delivery_id FROM lunas.deliveries d ORDER BY d.delivery_id DESC LIMIT 1), '00000000-0000-0000-0000-000000000000'::uuid);

GRANT SELECT, INSERT, UPDATE ON lunas.strangers TO lunas_processor;
GRANT SELECT, UPDATE ON lunas.bodies_looked_at TO lunas_processor;
GRANT SELECT, UPDATE (acknowledged_at) ON lunas.strangers TO lunas_operator;
GRANT SELECT ON lunas.bodies_looked_at TO lunas_operator;

-- migrate:down

DROP TABLE lunas.bodies_looked_at;
DROP TABLE lunas.strangers;
REVOKE SELECT ON lunas.delivery_kinds FROM lunas_processor;
