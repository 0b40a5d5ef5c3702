-- migrate:up
-- Who registered which address, in the transaction of the registration: a second customer with one address is told to the caller at once.
CREATE TABLE lunas.registered_addresses (
    customer_id      text NOT NULL,
    email_normalized text NOT NULL,
    CONSTRAINT registered_addresses_pkey PRIMARY KEY (customer_id)
);
CREATE INDEX registered_addresses_email_idx ON lunas.registered_addresses (email_normalized);

COMMENT ON TABLE  lunas.registered_addresses IS 'The address that each customer is registered with now, in the form it is matched by.';
COMMENT ON COLUMN lunas.registered_addresses.customer_id IS 'Id given by the application.';
COMMENT ON COLUMN lunas.registered_addresses.email_normalized IS 'E-mail in the form it is matched by. Personal data.';

-- Customers of an earlier version, where there are any.
DO $$ BEGIN
    IF to_regclass('lunas.customers') IS NOT NULL THEN
        INSERT INTO lunas.registered_addresses
        SELECT customer_id, email_normalized FROM lunas.customers WHERE email_normalized IS NOT NULL;
    END IF;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.registered_addresses TO lunas_api;
GRANT SELECT ON lunas.registered_addresses TO lunas_operator;

-- migrate:down
DROP TABLE lunas.registered_addresses;
