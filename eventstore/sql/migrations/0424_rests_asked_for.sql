-- migrate:up

-- Less came than was asked for, and an operator asks for the rest: a request of its own, of which this says what it is the rest of.
CREATE TABLE lunas.rests_asked_for (
    request_id  text NOT NULL,
    rest_of     text NOT NULL,
    suspense_id text NOT NULL,
    asked_by    text NOT NULL,
    CONSTRAINT rests_asked_for_pkey PRIMARY KEY (request_id)
);
CREATE INDEX rests_asked_for_idx ON lunas.rests_asked_for (rest_of, request_id);

COMMENT ON TABLE  lunas.rests_asked_for IS 'Requests for payment that ask for what is missing of another one.';
COMMENT ON COLUMN lunas.rests_asked_for.request_id IS 'The request for the rest, in payment_requests.';
COMMENT ON COLUMN lunas.rests_asked_for.rest_of IS 'The request that less came for.';
COMMENT ON COLUMN lunas.rests_asked_for.suspense_id IS 'What was held when the rest was asked for.';
COMMENT ON COLUMN lunas.rests_asked_for.asked_by IS 'The operator who asked.';

GRANT SELECT, INSERT ON lunas.rests_asked_for TO lunas_operator;
GRANT SELECT ON lunas.rests_asked_for TO lunas_api;
GRANT INSERT ON lunas.payment_requests TO lunas_operator;

CREATE POLICY operator_asks_for_rests ON lunas.events FOR INSERT TO lunas_operator WITH CHECK (
    type = 'checkout.requested' AND data ->> 'rest_of' IS NOT NULL
);
-- Said when the rest can be paid, for whoever tells its payer: where, stands with the request.
CREATE POLICY api_says_that_rests_are_asked_for ON lunas.events FOR INSERT TO lunas_api WITH CHECK (type = 'checkout.rest_asked');
GRANT SELECT (request_id, page_secret, instrument) ON lunas.payment_requests TO lunas_notifier;

-- migrate:down

REVOKE SELECT (request_id, page_secret, instrument) ON lunas.payment_requests FROM lunas_notifier;
DROP POLICY api_says_that_rests_are_asked_for ON lunas.events;
DROP POLICY operator_asks_for_rests ON lunas.events;
REVOKE INSERT ON lunas.payment_requests FROM lunas_operator;
DROP TABLE lunas.rests_asked_for;
