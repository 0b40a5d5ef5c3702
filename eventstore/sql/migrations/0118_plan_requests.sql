-- migrate:up

-- Subscriptions that our checkout asked providers for. The log has the facts; this table keeps the one live subscription of a customer and
-- plan, where its payer links an instrument, and what still waits for a provider's answer: the plan itself, or an act on it.
CREATE TABLE lunas.plan_requests (
    request_id      text        NOT NULL,
    customer_id     text        NOT NULL,
    provider        text        NOT NULL,
    plan            text        NOT NULL,
    amount_idr      bigint      NOT NULL,
    reference       text        NOT NULL,
    slot            text,
    status          text        NOT NULL DEFAULT 'requested',
    ask             json,
    sold            json        NOT NULL,
    act             json,
    plan_key        text,
    action_url      text,
    code            text,
    said            text,
    retry_after     integer,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at      timestamptz,
    ends            text,
    ended_at        timestamptz,
    attempts        integer     NOT NULL DEFAULT 0,
    claimed_until   timestamptz,
    next_try_at     timestamptz,
    position        bigint      NOT NULL,
    CONSTRAINT plan_requests_pkey PRIMARY KEY (request_id),
    CONSTRAINT plan_requests_status CHECK (status IN ('requested', 'open', 'refused')),
    CONSTRAINT plan_requests_ends CHECK (ends IN ('now', 'period_end')),
    CONSTRAINT plan_requests_amount CHECK (amount_idr > 0)
);
CREATE UNIQUE INDEX plan_requests_slot_idx ON lunas.plan_requests (slot) WHERE slot IS NOT NULL;
CREATE UNIQUE INDEX plan_requests_reference_idx ON lunas.plan_requests (provider, reference);
CREATE UNIQUE INDEX plan_requests_key_idx ON lunas.plan_requests (provider, plan_key) WHERE plan_key IS NOT NULL;
CREATE INDEX plan_requests_waiting_idx ON lunas.plan_requests (next_try_at) WHERE next_try_at IS NOT NULL;

COMMENT ON TABLE  lunas.plan_requests IS 'Subscriptions that our checkout asked for, by our own id.';
COMMENT ON COLUMN lunas.plan_requests.request_id IS 'Ours, `sub_` and 32 digits.';
COMMENT ON COLUMN lunas.plan_requests.customer_id IS 'Who is to pay.';
COMMENT ON COLUMN lunas.plan_requests.provider IS 'Who charges.';
COMMENT ON COLUMN lunas.plan_requests.plan IS 'Catalogue product that the provider charges for, or is to charge for.';
COMMENT ON COLUMN lunas.plan_requests.amount_idr IS 'Whole rupiah per period.';
COMMENT ON COLUMN lunas.plan_requests.reference IS 'What the provider is told and repeats; it begins as the catalogue says of the plan.';
COMMENT ON COLUMN lunas.plan_requests.slot IS 'Customer and plan while no second subscription of it may be made; null when it may.';
COMMENT ON COLUMN lunas.plan_requests.status IS 'requested until the provider answered, then open or refused. What became of it stands in the read models.';
COMMENT ON COLUMN lunas.plan_requests.ask IS 'What to send to the provider, kept until its answer is known. Personal data.';
COMMENT ON COLUMN lunas.plan_requests.sold IS 'The plan on the terms of the day.';
COMMENT ON COLUMN lunas.plan_requests.act IS 'What the provider is to do and has not confirmed: stop, or change.';
COMMENT ON COLUMN lunas.plan_requests.plan_key IS 'The provider''s id.';
COMMENT ON COLUMN lunas.plan_requests.action_url IS 'Where the payer links an instrument.';
COMMENT ON COLUMN lunas.plan_requests.code IS 'Why it was refused, or why nobody knows yet: our stable code.';
COMMENT ON COLUMN lunas.plan_requests.said IS 'The provider''s own error text, for operators only.';
COMMENT ON COLUMN lunas.plan_requests.retry_after IS 'Seconds after which the provider may be asked again.';
COMMENT ON COLUMN lunas.plan_requests.created_at IS 'When it was asked for, by the database''s clock.';
COMMENT ON COLUMN lunas.plan_requests.settled_at IS 'When the provider''s answer was recorded.';
COMMENT ON COLUMN lunas.plan_requests.ends IS 'now or period_end, once an application asked for its end.';
COMMENT ON COLUMN lunas.plan_requests.ended_at IS 'When it asked so.';
COMMENT ON COLUMN lunas.plan_requests.attempts IS 'How often the provider was asked for what it was asked last.';
COMMENT ON COLUMN lunas.plan_requests.claimed_until IS 'Until when a process that calls the provider has it for itself.';
COMMENT ON COLUMN lunas.plan_requests.next_try_at IS 'When the provider is asked next; null when nothing waits.';
COMMENT ON COLUMN lunas.plan_requests.position IS 'Of its newest event in the log.';

GRANT SELECT, INSERT, UPDATE ON lunas.plan_requests TO lunas_api;
GRANT SELECT ON lunas.plan_requests TO lunas_operator;

-- Beside the policies of 0103: what one of them allows is allowed.
CREATE POLICY api_asks_for_plans ON lunas.events FOR INSERT TO lunas_api WITH CHECK (type = ANY (ARRAY[
    'plan.requested', 'plan.opened', 'plan.refused', 'plan.called', 'plan.cancel_asked', 'plan.stopped', 'plan.change_asked',
    'plan.changed', 'plan.act_refused'
]));

-- migrate:down

DROP POLICY api_asks_for_plans ON lunas.events;
DROP TABLE lunas.plan_requests;
