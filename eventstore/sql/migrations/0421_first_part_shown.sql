-- migrate:up

-- Reads the log once; whoever reads or writes goes on meanwhile.
ALTER TABLE lunas.events VALIDATE CONSTRAINT events_first_part;

-- migrate:down

SELECT 1;
