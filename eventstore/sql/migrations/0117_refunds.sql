-- migrate:up

-- Every refund that is known: those we ask for, and those the log tells of that somebody made at the provider. A fold of the log up to
-- refunds_watched, but for what is needed to ask and to ask again (docs/adr/0046). What can still go back of a payment is reckoned from it.
CREATE TABLE lunas.refunds (
    refund_id          text        NOT NULL,
    provider           text        NOT NULL,
    payment_id         text        NOT NULL,
    names              text[]      NOT NULL,
    customer_id        text,
    amount_idr         bigint      NOT NULL,
    reason             text,
    made_by            text        NOT NULL,
    status             text        NOT NULL,
    provider_refund_id text,
    ask                json,
    set_aside          boolean     NOT NULL DEFAULT false,
    code               text,
    said               text,
    retry_after        integer,
    attempts           integer     NOT NULL DEFAULT 0,
    claimed_until      timestamptz,
    next_try_at        timestamptz,
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at         timestamptz,
    position           bigint      NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (refund_id),
    CONSTRAINT refunds_status CHECK (status IN ('reserved', 'pending', 'succeeded', 'failed')),
    CONSTRAINT refunds_amount CHECK (amount_idr > 0)
);
CREATE UNIQUE INDEX refunds_provider_idx ON lunas.refunds (provider, provider_refund_id) WHERE provider_refund_id IS NOT NULL;
CREATE INDEX refunds_names_idx ON lunas.refunds USING gin (names);
CREATE INDEX refunds_set_aside_idx ON lunas.refunds (refund_id) WHERE set_aside AND status = 'failed';
CREATE INDEX refunds_waiting_idx ON lunas.refunds (next_try_at) WHERE next_try_at IS NOT NULL;

COMMENT ON TABLE  lunas.refunds IS 'Refunds: ours from before their provider was asked, others from when the log told of them.';
COMMENT ON COLUMN lunas.refunds.refund_id IS 'Ours, `rfn_` and 32 digits, which the provider repeats; of one we did not ask for, the provider and its id.';
COMMENT ON COLUMN lunas.refunds.provider IS 'Where the money is.';
COMMENT ON COLUMN lunas.refunds.payment_id IS 'The payment as it was named when this was written.';
COMMENT ON COLUMN lunas.refunds.names IS 'Ids by which the payment is found, whatever it is called later.';
COMMENT ON COLUMN lunas.refunds.customer_id IS 'Whose payment it was when we asked; null when that is not known here.';
COMMENT ON COLUMN lunas.refunds.amount_idr IS 'Whole rupiah of this refund alone.';
COMMENT ON COLUMN lunas.refunds.reason IS 'Why, in the words of whoever wanted it.';
COMMENT ON COLUMN lunas.refunds.made_by IS 'api, operator, or provider when we did not ask for it.';
COMMENT ON COLUMN lunas.refunds.status IS 'reserved until the provider took it on, then pending; succeeded or failed at the end.';
COMMENT ON COLUMN lunas.refunds.provider_refund_id IS 'The provider''s id for it.';
COMMENT ON COLUMN lunas.refunds.ask IS 'What to send to the provider, kept until the end is known.';
COMMENT ON COLUMN lunas.refunds.set_aside IS 'Credit of the customer was set aside for it, and not given back by us.';
COMMENT ON COLUMN lunas.refunds.code IS 'Why it failed, or why nobody knows yet: our stable code.';
COMMENT ON COLUMN lunas.refunds.said IS 'The provider''s own error text, for operators only.';
COMMENT ON COLUMN lunas.refunds.retry_after IS 'Seconds after which the provider may be asked again.';
COMMENT ON COLUMN lunas.refunds.attempts IS 'How often the provider was asked for it.';
COMMENT ON COLUMN lunas.refunds.claimed_until IS 'Until when a process that calls the provider has it for itself.';
COMMENT ON COLUMN lunas.refunds.next_try_at IS 'When the provider is asked what became of it.';
COMMENT ON COLUMN lunas.refunds.created_at IS 'When it was asked for, by the database''s clock.';
COMMENT ON COLUMN lunas.refunds.settled_at IS 'When its end was recorded.';
COMMENT ON COLUMN lunas.refunds.position IS 'Of its newest event in the log.';

CREATE TABLE lunas.refunds_watched (
    one      boolean NOT NULL DEFAULT true CHECK (one),
    position bigint  NOT NULL,
    CONSTRAINT refunds_watched_pkey PRIMARY KEY (one)
);

COMMENT ON TABLE  lunas.refunds_watched IS 'Up to where in the log refunds are counted.';
COMMENT ON COLUMN lunas.refunds_watched.one IS 'There is one row.';
COMMENT ON COLUMN lunas.refunds_watched.position IS 'Position; what is behind it is still to be counted.';

INSERT INTO lunas.refunds_watched (position) VALUES (0);

GRANT SELECT, INSERT, UPDATE ON lunas.refunds TO lunas_api, lunas_operator;
GRANT SELECT, UPDATE ON lunas.refunds_watched TO lunas_api, lunas_operator;

-- A key whose first request came to nothing stands for another one (api/checkout/idempotency.py).
GRANT UPDATE (answer, created_at) ON lunas.idempotency_keys TO lunas_api;

CREATE POLICY api_asks_for_refunds ON lunas.events FOR INSERT TO lunas_api WITH CHECK (
    type = ANY (ARRAY['refund.requested', 'refund.accepted', 'refund.refused'])
);
-- What became of a refund of ours, when its provider told on being asked. Never of another one.
CREATE POLICY api_hears_of_its_refunds ON lunas.events FOR INSERT TO lunas_api WITH CHECK (
    type = ANY (ARRAY['refund.succeeded', 'refund.failed']) AND starts_with(stream, 'refund-')
);
CREATE POLICY operator_asks_for_refunds ON lunas.events FOR INSERT TO lunas_operator WITH CHECK (type = 'refund.requested');

-- migrate:down

DROP POLICY operator_asks_for_refunds ON lunas.events;
DROP POLICY api_hears_of_its_refunds ON lunas.events;
DROP POLICY api_asks_for_refunds ON lunas.events;
REVOKE UPDATE (answer, created_at) ON lunas.idempotency_keys FROM lunas_api;
DROP TABLE lunas.refunds_watched;
DROP TABLE lunas.refunds;
