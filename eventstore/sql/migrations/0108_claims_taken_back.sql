-- migrate:up

-- Operators also take a claim of theirs back. A policy of its own: what other policies allow them stays as it is.
CREATE POLICY operator_takes_claims_back ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = 'suspense.claim_withdrawn');

-- migrate:down

DROP POLICY operator_takes_claims_back ON lunas.events;
