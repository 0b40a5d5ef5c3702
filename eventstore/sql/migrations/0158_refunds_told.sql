-- When a refund's provider spoke of it last (docs/adr/0057): one that was called successful and failed after all gives its rupiah back to what
-- can still be refunded, and which word is the later one is told by the provider's clock. And what balances set aside for refunds under way, so
-- that neither counts what a refund takes twice.

-- migrate:up
ALTER TABLE lunas.refunds ADD COLUMN told_at timestamptz;

COMMENT ON COLUMN lunas.refunds.told_at IS 'When its provider spoke of it last, by the provider''s clock; null while nothing was told.';

-- A plan that nobody links anything to is looked at and stopped; those that were opened before too.
ALTER TABLE lunas.plan_requests ADD COLUMN ended_for text;

COMMENT ON COLUMN lunas.plan_requests.ended_for IS 'Why it ended when no application asked for it: never_linked.';

UPDATE lunas.plan_requests SET next_try_at = coalesce(settled_at, created_at) + interval '3 days', attempts = 0
WHERE status = 'open' AND ends IS NULL AND act IS NULL AND next_try_at IS NULL;

-- What a provider says of a plan of ours on being asked. Never of another one.
CREATE POLICY api_hears_of_its_plans ON lunas.events FOR INSERT TO lunas_api WITH CHECK (
    type = 'subscription.reported' AND starts_with(stream, 'request-sub_')
);

DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^balances_v\d+$'
    LOOP
        EXECUTE format('ALTER TABLE lunas.balances_v%1$s ADD COLUMN set_aside text', number);
    END LOOP;
END $$;

-- migrate:down
DROP POLICY api_hears_of_its_plans ON lunas.events;
ALTER TABLE lunas.plan_requests DROP COLUMN ended_for;
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^balances_v\d+$'
    LOOP
        EXECUTE format('ALTER TABLE lunas.balances_v%1$s DROP COLUMN set_aside', number);
    END LOOP;
END $$;

ALTER TABLE lunas.refunds DROP COLUMN told_at;
