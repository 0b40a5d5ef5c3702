-- migrate:up

-- Where a provider would make a second order of the same reference, one whose end is unknown is only looked for until long enough after this.
ALTER TABLE lunas.payment_requests ADD COLUMN asked_at timestamptz, ADD COLUMN charged_idr bigint;

COMMENT ON COLUMN lunas.payment_requests.asked_at IS 'When the provider was last asked to make it; kept where it would make it twice.';
COMMENT ON COLUMN lunas.payment_requests.charged_idr IS 'What the payer is charged, where the provider''s own prices decide and differ from ours.';

-- migrate:down

ALTER TABLE lunas.payment_requests DROP COLUMN asked_at, DROP COLUMN charged_idr;
