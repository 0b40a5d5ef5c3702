-- migrate:up

-- How a delivery came through the broker, for the timeline of its payment.
ALTER TABLE lunas.deliveries ADD COLUMN queue text;
ALTER TABLE lunas.deliveries ADD COLUMN attempts smallint NOT NULL DEFAULT 0;
ALTER TABLE lunas.deliveries ADD COLUMN handed_out smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN lunas.deliveries.queue IS 'Queue it was taken from; null for what waited in the line of its stream, and for rows from before this was kept.';
COMMENT ON COLUMN lunas.deliveries.attempts IS 'Trips through the retry tiers before it was stored.';
COMMENT ON COLUMN lunas.deliveries.handed_out IS 'How often the broker had given it to a process before, which did not come to an end with it.';

-- migrate:down

ALTER TABLE lunas.deliveries DROP COLUMN handed_out;
ALTER TABLE lunas.deliveries DROP COLUMN attempts;
ALTER TABLE lunas.deliveries DROP COLUMN queue;
