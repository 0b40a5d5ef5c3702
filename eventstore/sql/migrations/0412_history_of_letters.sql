-- migrate:up

-- What each attempt at a parked delivery failed with; a letter kept the last one's error and the number of attempts.
ALTER TABLE lunas.dead_letters ADD COLUMN history jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN lunas.dead_letters.history IS 'What each attempt failed with, oldest first: {attempt, detail} of trips through the retry tiers, {at, attempt, stage, reason, detail} of each time it was parked. The first 5 and the last 15; empty of alarms, and of letters from before 0412.';

-- migrate:down

ALTER TABLE lunas.dead_letters DROP COLUMN history;
