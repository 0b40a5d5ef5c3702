-- migrate:up

-- The installation's key can be exchanged (docs/adr/0090): which one new keys of persons are sealed by is said here, not by settings, so that processes
-- that are restarted one after the other agree. No value: the key that sealing began with.
ALTER TABLE lunas.personal_data ADD COLUMN key_check_before bytea;
COMMENT ON COLUMN lunas.personal_data.key_check_before IS 'Which key is being exchanged, while some keys of persons are still sealed by it; null: all are sealed by one.';
ALTER TABLE lunas.personal_data ADD COLUMN exchanged_at timestamptz;
COMMENT ON COLUMN lunas.personal_data.exchanged_at IS 'When the newest exchange of the key began; null: there was none.';
ALTER TABLE lunas.person_keys ADD COLUMN wrapped_by bytea;
COMMENT ON COLUMN lunas.person_keys.wrapped_by IS 'Which key of the installation it is sealed by; null: the first one.';
ALTER TABLE lunas.addresses_in_clear ADD COLUMN made_by bytea;
COMMENT ON COLUMN lunas.addresses_in_clear.made_by IS 'Which key of the installation it is found by; null: the first one.';

-- A process that was not restarted looks people up by the old key, finds nobody, and would give them a second name: two persons, decided on apart. It is refused.
CREATE FUNCTION lunas.refuse_exchanged_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM lunas.personal_data d WHERE d.exchanged_at IS NOT NULL AND d.key_check IS DISTINCT FROM NEW.wrapped_by) THEN
        RAISE EXCEPTION 'LUNAS_PERSONAL_DATA_KEY of this process was exchanged: restart it with the new one'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION lunas.refuse_exchanged_key() IS 'Refuses keys of persons that are sealed by a key which was exchanged.';
CREATE TRIGGER person_keys_by_the_newest BEFORE INSERT ON lunas.person_keys
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_exchanged_key();

CREATE FUNCTION lunas.begin_key_exchange(p_check bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lunas, pg_temp AS $$
BEGIN
    UPDATE personal_data SET key_check_before = key_check, key_check = p_check, exchanged_at = clock_timestamp()
    WHERE key_check_before IS NULL AND key_check <> p_check;
    RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION lunas.begin_key_exchange(bytea) IS 'From now on keys of persons are sealed by another key of the installation; false when one is being exchanged, or it is that key.';

-- A key is only ever replaced by another wrapping of itself, once in an exchange, and never brought back after it was destroyed.
CREATE FUNCTION lunas.exchange_keys(p_names text[], p_before bytea[], p_wrapped bytea[], p_indexes bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lunas, pg_temp AS $$
DECLARE
    exchanged integer;
BEGIN
    UPDATE person_keys k SET wrapped_key = n.wrapped, address_index = n.address_index, wrapped_by = d.key_check
    FROM unnest(p_names, p_before, p_wrapped, p_indexes) AS n(name, before, wrapped, address_index), personal_data d
    WHERE k.name = n.name AND k.wrapped_key = n.before AND (k.address_index IS NULL) = (n.address_index IS NULL)
        AND d.key_check_before IS NOT NULL AND k.wrapped_by IS DISTINCT FROM d.key_check;
    GET DIAGNOSTICS exchanged = ROW_COUNT;
    RETURN exchanged;
END;
$$;
COMMENT ON FUNCTION lunas.exchange_keys(text[], bytea[], bytea[], bytea[]) IS 'Keys of persons sealed by the key that is exchanged become the same sealed by the new one; how many.';

CREATE FUNCTION lunas.end_key_exchange() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lunas, pg_temp AS $$
BEGIN
    UPDATE personal_data d SET key_check_before = NULL
    WHERE key_check_before IS NOT NULL
        AND NOT EXISTS (SELECT FROM person_keys k WHERE k.destroyed_at IS NULL AND k.wrapped_by IS DISTINCT FROM d.key_check);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM addresses_in_clear c USING personal_data d WHERE c.made_by IS DISTINCT FROM d.key_check;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION lunas.end_key_exchange() IS 'The old key is needed no more, when nothing is sealed by it; false while something is, or none is being exchanged.';

REVOKE ALL ON FUNCTION lunas.begin_key_exchange(bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION lunas.exchange_keys(text[], bytea[], bytea[], bytea[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION lunas.end_key_exchange() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.begin_key_exchange(bytea), lunas.exchange_keys(text[], bytea[], bytea[], bytea[]), lunas.end_key_exchange() TO lunas_operator;
GRANT INSERT ON lunas.addresses_in_clear TO lunas_operator;

-- migrate:down

REVOKE INSERT ON lunas.addresses_in_clear FROM lunas_operator;
DROP FUNCTION lunas.end_key_exchange();
DROP FUNCTION lunas.exchange_keys(text[], bytea[], bytea[], bytea[]);
DROP FUNCTION lunas.begin_key_exchange(bytea);
DROP TRIGGER person_keys_by_the_newest ON lunas.person_keys;
DROP FUNCTION lunas.refuse_exchanged_key();
ALTER TABLE lunas.addresses_in_clear DROP COLUMN made_by;
ALTER TABLE lunas.person_keys DROP COLUMN wrapped_by;
ALTER TABLE lunas.personal_data DROP COLUMN exchanged_at;
ALTER TABLE lunas.personal_data DROP COLUMN key_check_before;
