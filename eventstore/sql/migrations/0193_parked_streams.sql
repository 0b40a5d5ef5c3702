-- migrate:up

-- A delivery that fails parks the payment, order or subscription it is about: what comes later of the same waits behind it (docs/adr/0062).
ALTER TABLE lunas.dead_letters ADD COLUMN stream text;
ALTER TABLE lunas.dead_letters ADD COLUMN holds boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN lunas.dead_letters.stream IS 'What it is about, as its provider names it; null when nobody could read that, and for what holds nothing up.';
COMMENT ON COLUMN lunas.dead_letters.holds IS 'While it is open, later deliveries of its stream wait behind it.';
CREATE INDEX dead_letters_holding_idx ON lunas.dead_letters (stream) WHERE holds AND status IN ('open', 'replaying');
GRANT UPDATE (holds) ON lunas.dead_letters TO lunas_operator;

CREATE TABLE lunas.parked_streams (
    stream     text        NOT NULL,
    provider   text        NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    waiting    integer     NOT NULL DEFAULT 0,
    amount_idr bigint,
    released   boolean     NOT NULL DEFAULT false,
    CONSTRAINT parked_streams_pkey PRIMARY KEY (stream)
);
CREATE INDEX parked_streams_released_idx ON lunas.parked_streams (parked_at) WHERE released;
CREATE INDEX parked_streams_oldest_idx ON lunas.parked_streams (parked_at);
COMMENT ON TABLE  lunas.parked_streams IS 'Payments, orders and subscriptions whose deliveries wait, until what is ahead of them is dealt with and the last of them is taken in.';
COMMENT ON COLUMN lunas.parked_streams.stream IS 'Provider and the name that all deliveries about it carry.';
COMMENT ON COLUMN lunas.parked_streams.provider IS 'Whose deliveries they are.';
COMMENT ON COLUMN lunas.parked_streams.parked_at IS 'Since when deliveries wait.';
COMMENT ON COLUMN lunas.parked_streams.waiting IS 'How many wait behind the head.';
COMMENT ON COLUMN lunas.parked_streams.amount_idr IS 'The largest amount that any of its deliveries states, in rupiah: they speak of the same money.';
COMMENT ON COLUMN lunas.parked_streams.released IS 'A letter that held it up was dealt with; whoever drains looks whether another one still does.';

CREATE TABLE lunas.waiting_deliveries (
    place       bigint GENERATED ALWAYS AS IDENTITY,
    stream      text        NOT NULL,
    delivery_id uuid        NOT NULL,
    received_at timestamptz NOT NULL,
    message     bytea       NOT NULL,
    tries       smallint    NOT NULL DEFAULT 0,
    tried_by    uuid,
    CONSTRAINT waiting_deliveries_pkey PRIMARY KEY (place)
);
ALTER TABLE lunas.waiting_deliveries ALTER COLUMN message SET STORAGE EXTERNAL;
CREATE INDEX waiting_deliveries_line_idx ON lunas.waiting_deliveries (stream, place);
COMMENT ON TABLE  lunas.waiting_deliveries IS 'Deliveries that wait behind a failed one of the same stream. A row goes in the transaction that takes its delivery in.';
COMMENT ON COLUMN lunas.waiting_deliveries.place IS 'Its place in the line: drawn under the lock of the log, so in the order of arrival.';
COMMENT ON COLUMN lunas.waiting_deliveries.stream IS 'What it is about.';
COMMENT ON COLUMN lunas.waiting_deliveries.delivery_id IS 'Its row in deliveries.';
COMMENT ON COLUMN lunas.waiting_deliveries.received_at IS 'When its webhook came.';
COMMENT ON COLUMN lunas.waiting_deliveries.message IS 'The packed envelope.';
COMMENT ON COLUMN lunas.waiting_deliveries.tries IS 'How many processes have had it in their hands when its turn had come, and did not bring it in.';
COMMENT ON COLUMN lunas.waiting_deliveries.tried_by IS 'The last of them.';

GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.parked_streams, lunas.waiting_deliveries TO lunas_processor;
GRANT SELECT ON lunas.parked_streams, lunas.waiting_deliveries TO lunas_operator;
GRANT SELECT ON lunas.parked_streams TO lunas_reader, lunas_api;
GRANT UPDATE (released) ON lunas.parked_streams TO lunas_operator;

-- Whoever deals with a letter (intake, an operator, a replay) wakes the line behind it, without having to know that there is one.
CREATE FUNCTION lunas.wake_the_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE lunas.parked_streams SET released = true WHERE stream = NEW.stream AND NOT released;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION lunas.wake_the_line() IS 'The letter at the head of a parked stream was dealt with.';
CREATE TRIGGER dead_letters_wake_the_line AFTER UPDATE OF status, holds ON lunas.dead_letters FOR EACH ROW
    WHEN (OLD.holds AND OLD.status IN ('open', 'replaying') AND NOT (NEW.holds AND NEW.status IN ('open', 'replaying')))
    EXECUTE FUNCTION lunas.wake_the_line();

-- migrate:down

DROP TRIGGER dead_letters_wake_the_line ON lunas.dead_letters;
DROP FUNCTION lunas.wake_the_line();
DROP TABLE lunas.waiting_deliveries;
DROP TABLE lunas.parked_streams;
REVOKE UPDATE (holds) ON lunas.dead_letters FROM lunas_operator;
DROP INDEX lunas.dead_letters_holding_idx;
ALTER TABLE lunas.dead_letters DROP COLUMN holds;
ALTER TABLE lunas.dead_letters DROP COLUMN stream;
