-- migrate:up
-- Appending waits for an advisory lock, and PostgreSQL lets everybody take any: who may only read could stop all writing with one call.
-- Here only those who write may take them. Where the migration is not run by a superuser PostgreSQL warns and changes nothing: then keep
-- logins of `lunas_reader` to people and programs that you trust with that (docs/threat-model.md).
DO $$
DECLARE
    lock_function regprocedure;
BEGIN
    FOR lock_function IN
        SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'pg_catalog' AND p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', lock_function);
        EXECUTE format(
            'GRANT EXECUTE ON FUNCTION %s TO lunas_processor, lunas_projector, lunas_api, lunas_operator, CURRENT_USER', lock_function
        );
    END LOOP;
END $$;

-- migrate:down
DO $$
DECLARE
    lock_function regprocedure;
BEGIN
    FOR lock_function IN
        SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'pg_catalog' AND p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', lock_function);
    END LOOP;
END $$;
