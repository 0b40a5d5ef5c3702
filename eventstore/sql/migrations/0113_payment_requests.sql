-- migrate:up

-- What our checkout asked of providers. The log has the facts; this table keeps the one open request of a slot, what a payer is to be
-- shown, and which requests still wait for an answer.
CREATE TABLE lunas.payment_requests (
    request_id      text        NOT NULL,
    kind            text        NOT NULL,
    customer_id     text        NOT NULL,
    provider        text        NOT NULL,
    amount_idr      bigint      NOT NULL,
    method          text,
    channel         text,
    slot            text,
    status          text        NOT NULL DEFAULT 'requested',
    ask             json,
    payment_key     text,
    provider_status text,
    instrument      json        NOT NULL DEFAULT '{}',
    items           json        NOT NULL DEFAULT '[]',
    code            text,
    retry_after     integer,
    said            text,
    expires_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at      timestamptz,
    attempts        integer     NOT NULL DEFAULT 0,
    claimed_until   timestamptz,
    next_try_at     timestamptz,
    page_secret     text        NOT NULL,
    page_digest     bytea       NOT NULL,
    position        bigint      NOT NULL,
    CONSTRAINT payment_requests_pkey PRIMARY KEY (request_id),
    CONSTRAINT payment_requests_kind CHECK (kind IN ('topup', 'order')),
    CONSTRAINT payment_requests_status CHECK (status IN ('requested', 'open', 'refused')),
    CONSTRAINT payment_requests_amount CHECK (amount_idr > 0)
);
CREATE UNIQUE INDEX payment_requests_slot_idx ON lunas.payment_requests (slot) WHERE slot IS NOT NULL;
CREATE UNIQUE INDEX payment_requests_page_idx ON lunas.payment_requests (page_digest);
CREATE INDEX payment_requests_customer_idx ON lunas.payment_requests (customer_id, position);
CREATE INDEX payment_requests_waiting_idx ON lunas.payment_requests (next_try_at) WHERE status = 'requested';
CREATE INDEX payment_requests_manual_idx ON lunas.payment_requests (position) WHERE provider = 'manual' AND status = 'open';

COMMENT ON TABLE  lunas.payment_requests IS 'Payments that our checkout asked for, by our own id, which is the reference that providers repeat.';
COMMENT ON COLUMN lunas.payment_requests.request_id IS 'Ours, `req_` and 32 digits; the provider repeats it as its reference.';
COMMENT ON COLUMN lunas.payment_requests.kind IS 'topup or order.';
COMMENT ON COLUMN lunas.payment_requests.customer_id IS 'Who is to pay.';
COMMENT ON COLUMN lunas.payment_requests.provider IS 'Who is asked.';
COMMENT ON COLUMN lunas.payment_requests.amount_idr IS 'Whole rupiah asked for.';
COMMENT ON COLUMN lunas.payment_requests.method IS 'qris, va, ewallet; null where the payer chooses.';
COMMENT ON COLUMN lunas.payment_requests.channel IS 'The provider''s word for the channel.';
COMMENT ON COLUMN lunas.payment_requests.status IS 'requested until the provider answered, then open or refused. What was paid stands in the read models.';
COMMENT ON COLUMN lunas.payment_requests.payment_key IS 'The provider''s id for it.';
COMMENT ON COLUMN lunas.payment_requests.provider_status IS 'The provider''s word on its state when it was opened.';
COMMENT ON COLUMN lunas.payment_requests.items IS 'Products of an order at the price they were sold for.';
COMMENT ON COLUMN lunas.payment_requests.code IS 'Why it was refused, or why nobody knows yet: our stable code.';
COMMENT ON COLUMN lunas.payment_requests.retry_after IS 'Seconds after which the provider may be asked again.';
COMMENT ON COLUMN lunas.payment_requests.expires_at IS 'Our own end of it; money that comes later counts as late.';
COMMENT ON COLUMN lunas.payment_requests.created_at IS 'When it was asked for, by the database''s clock.';
COMMENT ON COLUMN lunas.payment_requests.settled_at IS 'When the provider''s answer was recorded.';
COMMENT ON COLUMN lunas.payment_requests.attempts IS 'How often the provider was asked.';
COMMENT ON COLUMN lunas.payment_requests.next_try_at IS 'When the provider is asked what became of it.';
COMMENT ON COLUMN lunas.payment_requests.slot IS 'Customer, what for, amount, method and channel while no second request for it may be made; null when it may.';
COMMENT ON COLUMN lunas.payment_requests.ask IS 'What to send to the provider, kept until its answer is known. Personal data.';
COMMENT ON COLUMN lunas.payment_requests.instrument IS 'What the payer is shown: QR text, account number or page.';
COMMENT ON COLUMN lunas.payment_requests.said IS 'The provider''s own error text, for operators only.';
COMMENT ON COLUMN lunas.payment_requests.claimed_until IS 'Until when a process that calls the provider has it for itself.';
COMMENT ON COLUMN lunas.payment_requests.page_secret IS 'In the address of its payment page. It opens what this row holds already, and a repeated call is answered with it.';
COMMENT ON COLUMN lunas.payment_requests.page_digest IS 'SHA-256 of page_secret: what is looked up, so that no comparison tells anything by its time.';
COMMENT ON COLUMN lunas.payment_requests.position IS 'Of its newest event in the log.';

GRANT SELECT, INSERT, UPDATE ON lunas.payment_requests TO lunas_api;
GRANT SELECT, UPDATE (status, slot, code, settled_at, position) ON lunas.payment_requests TO lunas_operator;

CREATE POLICY api_asks_for_money ON lunas.events FOR INSERT TO lunas_api WITH CHECK (
    type = ANY (ARRAY['checkout.requested', 'checkout.opened', 'checkout.refused', 'provider.called'])
);
CREATE POLICY operator_refuses_requests ON lunas.events FOR INSERT TO lunas_operator WITH CHECK (type = 'checkout.refused');

-- migrate:down

DROP POLICY operator_refuses_requests ON lunas.events;
DROP POLICY api_asks_for_money ON lunas.events;
DROP TABLE lunas.payment_requests;
