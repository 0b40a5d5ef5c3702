-- migrate:up

-- The log is going to be the first part of a partitioned table (docs/adr/0078). Where that part ends is said here, and shown to be so in the next file while
-- everybody works: then nothing is read when it is attached. At least ten million events of room, so that nobody meets the end who stops in between.
DO $$
DECLARE
    behind bigint := (SELECT (coalesce(max(position), 0) / 10000000 + 2) * 10000000 FROM lunas.events);
BEGIN
    EXECUTE format('ALTER TABLE lunas.events ADD CONSTRAINT events_first_part CHECK (position < %s) NOT VALID', behind);
END;
$$;

-- migrate:down

ALTER TABLE lunas.events DROP CONSTRAINT IF EXISTS events_first_part;
