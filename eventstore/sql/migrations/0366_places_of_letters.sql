-- migrate:up

-- Two bugs are two problems, also where both park payments for the same reason. NULL in letters from before: their place is read from `detail`.
ALTER TABLE lunas.dead_letters ADD COLUMN place text;
COMMENT ON COLUMN lunas.dead_letters.place IS 'Of what a caught error led to: its type and the function that raised it, without a line. Empty for what a rule refused.';

-- migrate:down

ALTER TABLE lunas.dead_letters DROP COLUMN place;
