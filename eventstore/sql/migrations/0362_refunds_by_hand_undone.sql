-- migrate:up

-- An operator takes back that held money went back by hand. For whoever reads the log it is a refund that failed after all.
CREATE POLICY operator_did_not_give_back_by_hand ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = 'refund.failed' AND starts_with(stream, 'refund-'));

-- migrate:down

DROP POLICY operator_did_not_give_back_by_hand ON lunas.events;
