-- migrate:up

-- What providers said of money that is held until they confirm it (docs/adr/0066), and when they are asked again.
CREATE TABLE lunas.confirmations (
    case_key       text        COLLATE "C" NOT NULL,
    provider       text        NOT NULL,
    payment_id     text        NOT NULL,
    answer         text        NOT NULL
        CHECK (answer IN ('confirmed', 'another_amount', 'unpaid', 'unknown', 'no_detail', 'failed')),
    their_status   text,
    their_amount   bigint,
    our_amount     bigint,
    code           text,
    asks           integer     NOT NULL DEFAULT 1,
    first_asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_at        timestamptz,
    CONSTRAINT confirmations_pkey PRIMARY KEY (case_key)
);
CREATE INDEX confirmations_provider_idx ON lunas.confirmations (provider);
COMMENT ON TABLE  lunas.confirmations IS 'Payments that wait for their provider''s word: what it said when it was asked last. A row goes when nothing waits any more.';
COMMENT ON COLUMN lunas.confirmations.case_key IS 'The case of the payment.';
COMMENT ON COLUMN lunas.confirmations.provider IS 'Who was asked.';
COMMENT ON COLUMN lunas.confirmations.payment_id IS 'By which of its ids.';
COMMENT ON COLUMN lunas.confirmations.answer IS 'confirmed, another_amount, unpaid, unknown (no such payment there), no_detail or failed (no answer).';
COMMENT ON COLUMN lunas.confirmations.their_status IS 'The status there.';
COMMENT ON COLUMN lunas.confirmations.their_amount IS 'Rupiah there, where it said.';
COMMENT ON COLUMN lunas.confirmations.our_amount IS 'Rupiah that its webhooks claimed.';
COMMENT ON COLUMN lunas.confirmations.code IS 'Why there was no answer.';
COMMENT ON COLUMN lunas.confirmations.asks IS 'How often it was asked.';
COMMENT ON COLUMN lunas.confirmations.first_asked_at IS 'When for the first time.';
COMMENT ON COLUMN lunas.confirmations.asked_at IS 'When last.';
COMMENT ON COLUMN lunas.confirmations.next_at IS 'When it is asked again; null: no more by itself.';

GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.confirmations TO lunas_processor;
GRANT SELECT ON lunas.confirmations TO lunas_operator, lunas_reader;

-- What is held already for this reason is asked about too.
INSERT INTO lunas.fulfilment_waits (wait_key, case_key)
SELECT 'confirmation:' || split_part(case_key, ':', 1), case_key FROM lunas.fulfilment_cases
WHERE kind = 'payment' AND state::text LIKE '%"reason":"awaiting_confirmation"%'
ON CONFLICT DO NOTHING;

-- migrate:down

DELETE FROM lunas.fulfilment_waits WHERE wait_key LIKE 'confirmation:%';
DROP TABLE lunas.confirmations;
