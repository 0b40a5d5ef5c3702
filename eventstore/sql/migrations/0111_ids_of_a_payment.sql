-- migrate:up
-- Which ids find a payment was looked up in the index by id: all of a provider's, 57 ms from 100,000 payments on.
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^payment_aliases_v\d+$'
    LOOP
        EXECUTE format('CREATE INDEX IF NOT EXISTS payment_aliases_v%1$s_record_idx ON lunas.payment_aliases_v%1$s (record)', number);
    END LOOP;
END $$;

-- migrate:down
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^payment_aliases_v\d+$'
    LOOP
        EXECUTE format('DROP INDEX IF EXISTS lunas.payment_aliases_v%1$s_record_idx', number);
    END LOOP;
END $$;
