-- migrate:up

-- Personal data (docs/adr/0077): the log holds names of addresses and sealed texts; what they stand for is read with keys that can be destroyed.

CREATE TABLE lunas.personal_data (
    only_one  boolean     NOT NULL DEFAULT true CHECK (only_one),
    key_check bytea       NOT NULL,
    since     bigint      NOT NULL CHECK (since >= 0),
    begun_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT personal_data_pkey PRIMARY KEY (only_one)
);
COMMENT ON TABLE  lunas.personal_data IS 'Since when personal data is sealed, and by which key of the installation; no row: it is not.';
COMMENT ON COLUMN lunas.personal_data.only_one IS 'There is one row at most.';
COMMENT ON COLUMN lunas.personal_data.key_check IS 'Tells whether a process has the right LUNAS_PERSONAL_DATA_KEY; says nothing of it.';
COMMENT ON COLUMN lunas.personal_data.since IS 'Position of the newest event of before.';
COMMENT ON COLUMN lunas.personal_data.begun_at IS 'When.';

CREATE TABLE lunas.person_keys (
    name          text        NOT NULL CHECK (name ~ '^~[a-z2-7]{16}$'),
    address_index bytea,
    customer_id   text,
    wrapped_key   bytea,
    sealed        bytea,
    made_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at  timestamptz,
    erasure_id    uuid,
    CONSTRAINT person_keys_pkey PRIMARY KEY (name),
    CONSTRAINT person_keys_address_key UNIQUE (address_index),
    CONSTRAINT person_keys_destroyed CHECK ((destroyed_at IS NULL) = (wrapped_key IS NOT NULL)),
    CONSTRAINT person_keys_gone CHECK (destroyed_at IS NULL OR (address_index IS NULL AND sealed IS NULL AND erasure_id IS NOT NULL))
);
CREATE UNIQUE INDEX person_keys_customer_idx ON lunas.person_keys (customer_id) WHERE customer_id IS NOT NULL AND destroyed_at IS NULL;
COMMENT ON TABLE  lunas.person_keys IS 'A key for every address that paid or was registered, and for what was said of every customer. Destroyed, the log says it no more.';
COMMENT ON COLUMN lunas.person_keys.name IS 'What stands in the log and in cases for the address; drawn by chance.';
COMMENT ON COLUMN lunas.person_keys.address_index IS 'HMAC of the address in normal form, by which it is found; null for a customer''s key, and once destroyed.';
COMMENT ON COLUMN lunas.person_keys.customer_id IS 'Whose name and phone number it seals; null for an address.';
COMMENT ON COLUMN lunas.person_keys.wrapped_key IS 'The key, sealed by the installation''s; null once destroyed.';
COMMENT ON COLUMN lunas.person_keys.sealed IS 'The address in normal form, sealed by the key.';
COMMENT ON COLUMN lunas.person_keys.made_at IS 'When it was first met.';
COMMENT ON COLUMN lunas.person_keys.destroyed_at IS 'When the key was destroyed.';
COMMENT ON COLUMN lunas.person_keys.erasure_id IS 'By which erasure.';

CREATE TABLE lunas.addresses_in_clear (
    address_index bytea NOT NULL,
    CONSTRAINT addresses_in_clear_pkey PRIMARY KEY (address_index)
);
COMMENT ON TABLE  lunas.addresses_in_clear IS 'Addresses that the log held in clear when sealing began: they stay what customers are matched by.';
COMMENT ON COLUMN lunas.addresses_in_clear.address_index IS 'HMAC of the address in normal form.';

CREATE TABLE lunas.erasures (
    erasure_id   uuid        NOT NULL,
    customer_id  text        NOT NULL,
    reason       text        NOT NULL,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    approved_by  text,
    done_at      timestamptz,
    certificate  json,
    CONSTRAINT erasures_pkey PRIMARY KEY (erasure_id),
    CONSTRAINT erasures_two_persons CHECK (approved_by <> requested_by),
    CONSTRAINT erasures_done CHECK ((approved_by IS NULL) = (done_at IS NULL))
);
CREATE UNIQUE INDEX erasures_waiting_idx ON lunas.erasures (customer_id) WHERE done_at IS NULL;
COMMENT ON TABLE  lunas.erasures IS 'Persons who were to be forgotten: who asked, who agreed, and what was done.';
COMMENT ON COLUMN lunas.erasures.erasure_id IS 'UUID version 7.';
COMMENT ON COLUMN lunas.erasures.customer_id IS 'Who is forgotten. The id stays: balances and books name it.';
COMMENT ON COLUMN lunas.erasures.reason IS 'Why, in the words of whoever asked.';
COMMENT ON COLUMN lunas.erasures.requested_by IS 'Who asked.';
COMMENT ON COLUMN lunas.erasures.requested_at IS 'When.';
COMMENT ON COLUMN lunas.erasures.approved_by IS 'The second person; null while it waits for one.';
COMMENT ON COLUMN lunas.erasures.done_at IS 'When the keys were destroyed.';
COMMENT ON COLUMN lunas.erasures.certificate IS 'What was destroyed and what remains, as told.';

-- The bytes of a webhook may go; that it came, when, and what its bytes hash to may not.
ALTER TABLE lunas.deliveries ADD COLUMN redacted_at timestamptz;
COMMENT ON COLUMN lunas.deliveries.redacted_at IS 'When its body was emptied, by retention or because a person was forgotten; body_sha256 stays.';

CREATE FUNCTION lunas.refuse_change_but_redaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    restored lunas.deliveries;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.redacted_at IS NULL AND NEW.redacted_at IS NOT NULL AND NEW.body = ''::bytea THEN
        restored := NEW;
        restored.body := OLD.body;
        restored.redacted_at := NULL;
        IF restored *= OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% on %.% is refused: rows are only ever added, and bodies emptied', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;
COMMENT ON FUNCTION lunas.refuse_change_but_redaction() IS 'Refuses to change what was recorded of a delivery, except that its body is emptied, once.';
DROP TRIGGER deliveries_are_immutable ON lunas.deliveries;
CREATE TRIGGER deliveries_are_immutable BEFORE UPDATE OR DELETE ON lunas.deliveries
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change_but_redaction();

-- Phone numbers are found where registrations are kept, not in the log any more.
ALTER TABLE lunas.registered_addresses ADD COLUMN phone text;
CREATE INDEX registered_addresses_phone_idx ON lunas.registered_addresses (phone) WHERE phone IS NOT NULL;
COMMENT ON COLUMN lunas.registered_addresses.phone IS 'Digits of the phone number without the country or the leading zero, where the log holds it sealed. Personal data.';

-- Nobody may destroy a key by a statement of their own: an erasure that somebody else asked for destroys them.
CREATE FUNCTION lunas.destroy_keys(p_erasure uuid, p_by text, p_names text[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lunas, pg_temp AS $$
DECLARE
    destroyed integer;
BEGIN
    UPDATE erasures SET approved_by = p_by, done_at = clock_timestamp()
    WHERE erasure_id = p_erasure AND done_at IS NULL AND requested_by <> p_by;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no erasure % waits for %', p_erasure, p_by USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE person_keys SET wrapped_key = NULL, sealed = NULL, address_index = NULL, destroyed_at = clock_timestamp(), erasure_id = p_erasure
    WHERE name = ANY(p_names) AND destroyed_at IS NULL;
    GET DIAGNOSTICS destroyed = ROW_COUNT;
    RETURN destroyed;
END;
$$;
COMMENT ON FUNCTION lunas.destroy_keys(uuid, text, text[]) IS 'Agrees to an erasure that somebody else asked for, and destroys these keys; how many there were.';
REVOKE ALL ON FUNCTION lunas.destroy_keys(uuid, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.destroy_keys(uuid, text, text[]) TO lunas_operator;

-- Intake finds and makes names and reads no key. Who shows addresses reads keys; the reader and the view of downstream services never do.
GRANT SELECT ON lunas.personal_data TO lunas_processor, lunas_projector, lunas_api, lunas_notifier, lunas_operator;
GRANT INSERT ON lunas.personal_data, lunas.addresses_in_clear TO lunas_processor, lunas_api;
GRANT SELECT ON lunas.addresses_in_clear TO lunas_processor, lunas_api, lunas_operator;
GRANT SELECT (name, address_index), INSERT ON lunas.person_keys TO lunas_processor;
GRANT SELECT (name, wrapped_key, sealed) ON lunas.person_keys TO lunas_projector, lunas_notifier;
GRANT SELECT, INSERT ON lunas.person_keys TO lunas_api, lunas_operator;
GRANT SELECT, INSERT, UPDATE (certificate) ON lunas.erasures TO lunas_operator;
GRANT UPDATE (body, redacted_at) ON lunas.deliveries TO lunas_processor, lunas_operator;
GRANT UPDATE (message) ON lunas.dead_letters TO lunas_operator;
GRANT DELETE ON lunas.registered_addresses TO lunas_operator;
GRANT SELECT, DELETE ON lunas.idempotency_keys TO lunas_operator;
GRANT UPDATE (ask, said) ON lunas.payment_requests TO lunas_operator;
GRANT UPDATE (ask, said) ON lunas.plan_requests TO lunas_operator;
CREATE POLICY operator_forgets_persons ON lunas.events FOR INSERT TO lunas_operator WITH CHECK (type = 'customer.erased');

-- migrate:down

DROP POLICY operator_forgets_persons ON lunas.events;
REVOKE UPDATE (ask, said) ON lunas.plan_requests FROM lunas_operator;
REVOKE UPDATE (ask, said) ON lunas.payment_requests FROM lunas_operator;
REVOKE SELECT, DELETE ON lunas.idempotency_keys FROM lunas_operator;
REVOKE DELETE ON lunas.registered_addresses FROM lunas_operator;
REVOKE UPDATE (message) ON lunas.dead_letters FROM lunas_operator;
REVOKE UPDATE (body, redacted_at) ON lunas.deliveries FROM lunas_processor, lunas_operator;
DROP FUNCTION lunas.destroy_keys(uuid, text, text[]);
DROP INDEX lunas.registered_addresses_phone_idx;
ALTER TABLE lunas.registered_addresses DROP COLUMN phone;
DROP TRIGGER deliveries_are_immutable ON lunas.deliveries;
CREATE TRIGGER deliveries_are_immutable BEFORE UPDATE OR DELETE ON lunas.deliveries
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
DROP FUNCTION lunas.refuse_change_but_redaction();
ALTER TABLE lunas.deliveries DROP COLUMN redacted_at;
DROP TABLE lunas.erasures;
DROP TABLE lunas.addresses_in_clear;
DROP TABLE lunas.person_keys;
DROP TABLE lunas.personal_data;
