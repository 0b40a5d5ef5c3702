-- migrate:up

-- An operator records what a provider's statement of settlement says of payments: that they were paid out, and what the provider kept.
CREATE POLICY operator_records_statements ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = 'settlement.stated' AND starts_with(stream, 'settlement-'));

-- migrate:down

DROP POLICY operator_records_statements ON lunas.events;
