-- migrate:up

-- Operators also take a write-off back, and say that held money went back by hand, onto the refund that it is.
CREATE POLICY operator_takes_write_offs_back ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = 'suspense.write_off_withdrawn');
CREATE POLICY operator_gave_back_by_hand ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = 'refund.succeeded' AND starts_with(stream, 'refund-'));

-- The same acts at the door for applications, by keys with the scope `suspense`. Each is audited like an operator's own.
CREATE POLICY api_speaks_of_held_money ON lunas.events FOR INSERT TO lunas_api WITH CHECK (
    type = ANY (ARRAY['suspense.claimed', 'suspense.claim_withdrawn', 'suspense.written_off', 'suspense.write_off_withdrawn'])
);
GRANT SELECT, INSERT ON lunas.operator_acts TO lunas_api;
-- Whether a case is a subscription. What the cases hold beyond that stands in the log, which the API reads anyway.
GRANT SELECT ON lunas.fulfilment_cases, lunas.fulfilment_aliases TO lunas_api;

-- Who was asked for exactly this amount, and when: the money of an open request that came without its reference.
CREATE INDEX payment_requests_amount_idx ON lunas.payment_requests ((coalesce(charged_idr, amount_idr)), created_at);

COMMENT ON COLUMN lunas.api_keys.scopes IS 'read, checkout, spend, refund, suspense.';

-- migrate:down

DROP INDEX lunas.payment_requests_amount_idx;
COMMENT ON COLUMN lunas.api_keys.scopes IS 'read, checkout, spend, refund.';
REVOKE SELECT ON lunas.fulfilment_cases, lunas.fulfilment_aliases FROM lunas_api;
REVOKE SELECT, INSERT ON lunas.operator_acts FROM lunas_api;
DROP POLICY api_speaks_of_held_money ON lunas.events;
DROP POLICY operator_gave_back_by_hand ON lunas.events;
DROP POLICY operator_takes_write_offs_back ON lunas.events;
