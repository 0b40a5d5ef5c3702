-- migrate:up

-- Rejected requests can be verified again once a wrong secret is corrected, and admitted once.
ALTER TABLE lunas.quarantine ADD COLUMN credential text NOT NULL DEFAULT '';
ALTER TABLE lunas.quarantine ADD COLUMN admitted_at timestamptz;
ALTER TABLE lunas.quarantine ADD COLUMN admitted_by uuid;
COMMENT ON COLUMN lunas.quarantine.credential IS 'Of the token it carried a key and its digest under that key, both in hex; never the token. Empty where there was none, or where the provider signs.';
COMMENT ON COLUMN lunas.quarantine.admitted_at IS 'When it was given to the queue after all, because it was genuine.';
COMMENT ON COLUMN lunas.quarantine.admitted_by IS 'The operator''s act that admitted it.';
CREATE INDEX quarantine_provider_idx ON lunas.quarantine (provider, quarantine_id);
GRANT UPDATE (admitted_at, admitted_by) ON lunas.quarantine TO lunas_operator;

-- migrate:down

REVOKE UPDATE (admitted_at, admitted_by) ON lunas.quarantine FROM lunas_operator;
DROP INDEX lunas.quarantine_provider_idx;
ALTER TABLE lunas.quarantine DROP COLUMN admitted_by;
ALTER TABLE lunas.quarantine DROP COLUMN admitted_at;
ALTER TABLE lunas.quarantine DROP COLUMN credential;
