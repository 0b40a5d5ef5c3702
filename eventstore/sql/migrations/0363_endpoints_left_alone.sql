-- migrate:up

-- Who answers 429 or 503 with Retry-After speaks of itself, not of one message: nothing is sent to it until then, whoever sends.
ALTER TABLE lunas.endpoints ADD COLUMN quiet_until timestamptz;
COMMENT ON COLUMN lunas.endpoints.quiet_until IS 'Until when it asked to be left alone (Retry-After); null: it did not.';
GRANT UPDATE (quiet_until) ON lunas.endpoints TO lunas_notifier, lunas_operator;

-- migrate:down

ALTER TABLE lunas.endpoints DROP COLUMN quiet_until;
