-- migrate:up

-- lunas doctor: orders that a provider made and never told of.
CREATE INDEX payment_requests_opened_idx ON lunas.payment_requests (provider, settled_at) WHERE kind = 'order' AND status = 'open';

-- migrate:down

DROP INDEX lunas.payment_requests_opened_idx;
