-- migrate:up

-- Providers are asked about requests whose time is over: they do not tell everything, and their last word may come days later.
ALTER TABLE lunas.payment_requests
    ADD COLUMN asks          smallint    NOT NULL DEFAULT 0,
    ADD COLUMN watch_over    boolean     NOT NULL DEFAULT false,
    ADD COLUMN watched_until timestamptz;

COMMENT ON COLUMN lunas.payment_requests.asks IS 'How often its provider was asked what became of it after its end.';
COMMENT ON COLUMN lunas.payment_requests.watch_over IS 'It is not asked about any more: it was paid, or everything was tried.';
COMMENT ON COLUMN lunas.payment_requests.watched_until IS 'Until when a process that asks has it for itself, or the provider is left alone about it.';

-- What ended long ago is not asked about now.
UPDATE lunas.payment_requests SET watch_over = true
WHERE status <> 'open' OR coalesce(expires_at, created_at) < clock_timestamp() - interval '8 days';

CREATE INDEX payment_requests_watched_idx ON lunas.payment_requests (expires_at) WHERE status = 'open' AND NOT watch_over;

-- What a provider says of a request of ours on being asked. Never of another payment.
CREATE POLICY api_hears_of_its_requests ON lunas.events FOR INSERT TO lunas_api WITH CHECK (
    type = ANY (ARRAY['payment.succeeded', 'payment.settled', 'payment.expired', 'payment.failed'])
    AND starts_with(stream, 'request-req_')
);

-- migrate:down

DROP POLICY api_hears_of_its_requests ON lunas.events;
ALTER TABLE lunas.payment_requests DROP COLUMN asks, DROP COLUMN watch_over, DROP COLUMN watched_until;
