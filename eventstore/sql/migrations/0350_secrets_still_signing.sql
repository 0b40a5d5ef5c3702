-- migrate:up

-- A secret signs as long as its application was promised, also when the next one is rotated meanwhile.
ALTER TABLE lunas.endpoints ADD COLUMN still_signing jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN lunas.endpoints.still_signing IS 'Secrets before the earlier one that sign as well: key_id, generation, until.';
GRANT UPDATE (still_signing) ON lunas.endpoints TO lunas_operator;

-- migrate:down

ALTER TABLE lunas.endpoints DROP COLUMN still_signing;
