-- migrate:up

-- What a customer has paid for is neither charged again nor forgotten when a word on its end is followed by another.
ALTER TABLE lunas.plan_requests ADD COLUMN paid_until timestamptz;
COMMENT ON COLUMN lunas.plan_requests.paid_until IS 'Until when readers knew it to be paid for, when its end was asked for last; null before that.';
ALTER TABLE lunas.plan_requests ADD COLUMN first_charge_at timestamptz;
COMMENT ON COLUMN lunas.plan_requests.first_charge_at IS 'When it is charged first, where the plan is paid for until then; null: as soon as an instrument is linked.';

-- migrate:down

ALTER TABLE lunas.plan_requests DROP COLUMN first_charge_at;
ALTER TABLE lunas.plan_requests DROP COLUMN paid_until;
