-- migrate:up

-- Ids are drawn by time, so that a span of time is a range of the primary key. An hour earlier than it: an id is drawn when a request begins
-- to be read, and a slow sender may take its time.
CREATE FUNCTION lunas.first_id(at timestamptz) RETURNS uuid LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT rpad(lpad(to_hex(greatest(extract(epoch FROM at)::bigint - 3600, 0) * 1000), 12, '0'), 32, '0')::uuid
$$;
COMMENT ON FUNCTION lunas.first_id IS 'No id (UUID version 7) of anything that came at this time or later is smaller.';

-- One index finds the newest (and counts the last day) of any provider, outcome and event name, and every combination of them: each
-- kind is a range of it, and there are as many kinds as providers have events. Filters of `lunas webhooks list` walk no history.
CREATE INDEX deliveries_kind_idx ON lunas.deliveries
    (provider COLLATE "C", status COLLATE "C", (coalesce(event_name, '')) COLLATE "C", delivery_id);
DROP INDEX lunas.deliveries_troubled_idx;

CREATE INDEX dead_letters_kind_idx ON lunas.dead_letters
    (status COLLATE "C", provider COLLATE "C", reason COLLATE "C", (coalesce(event_name, '')) COLLATE "C", dead_letter_id);
DROP INDEX lunas.dead_letters_status_idx;
CREATE INDEX dead_letters_last_seen_idx ON lunas.dead_letters (last_seen);

-- From one kind to the next by the index, however many rows either has.
CREATE VIEW lunas.delivery_kinds AS
WITH RECURSIVE kinds AS (
    (SELECT d.provider COLLATE "C" AS provider, d.status COLLATE "C" AS status, coalesce(d.event_name, '') COLLATE "C" AS event_name
     FROM lunas.deliveries d
     ORDER BY d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C" LIMIT 1)
    UNION ALL
    SELECT another.*
    FROM kinds k CROSS JOIN LATERAL (
        SELECT d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C"
        FROM lunas.deliveries d
        WHERE (d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C") > (k.provider, k.status, k.event_name)
        ORDER BY d.provider COLLATE "C", d.status COLLATE "C", coalesce(d.event_name, '') COLLATE "C" LIMIT 1
    ) AS another
)
SELECT provider, status, event_name FROM kinds;
COMMENT ON VIEW lunas.delivery_kinds IS 'Every provider, outcome and event name (empty for none) that deliveries have together. Read by the index alone.';
COMMENT ON COLUMN lunas.delivery_kinds.provider IS 'Provider.';
COMMENT ON COLUMN lunas.delivery_kinds.status IS 'What became of them.';
COMMENT ON COLUMN lunas.delivery_kinds.event_name IS 'Name of the event at the provider, empty where there is none.';
GRANT SELECT ON lunas.delivery_kinds TO lunas_operator;

CREATE VIEW lunas.letter_kinds AS
WITH RECURSIVE kinds AS (
    (SELECT d.status COLLATE "C" AS status, d.provider COLLATE "C" AS provider, d.reason COLLATE "C" AS reason,
         coalesce(d.event_name, '') COLLATE "C" AS event_name
     FROM lunas.dead_letters d
     ORDER BY d.status COLLATE "C", d.provider COLLATE "C", d.reason COLLATE "C", coalesce(d.event_name, '') COLLATE "C" LIMIT 1)
    UNION ALL
    SELECT another.*
    FROM kinds k CROSS JOIN LATERAL (
        SELECT d.status COLLATE "C", d.provider COLLATE "C", d.reason COLLATE "C", coalesce(d.event_name, '') COLLATE "C"
        FROM lunas.dead_letters d
        WHERE (d.status COLLATE "C", d.provider COLLATE "C", d.reason COLLATE "C", coalesce(d.event_name, '') COLLATE "C")
            > (k.status, k.provider, k.reason, k.event_name)
        ORDER BY d.status COLLATE "C", d.provider COLLATE "C", d.reason COLLATE "C", coalesce(d.event_name, '') COLLATE "C" LIMIT 1
    ) AS another
)
SELECT status, provider, reason, event_name FROM kinds;
COMMENT ON VIEW lunas.letter_kinds IS 'Every status, provider, reason and event name (empty for none) that dead letters have together. Read by the index alone.';
COMMENT ON COLUMN lunas.letter_kinds.status IS 'What became of them.';
COMMENT ON COLUMN lunas.letter_kinds.provider IS 'Provider.';
COMMENT ON COLUMN lunas.letter_kinds.reason IS 'Why they were parked.';
COMMENT ON COLUMN lunas.letter_kinds.event_name IS 'Name of the event at the provider, empty where there is none.';
GRANT SELECT ON lunas.letter_kinds TO lunas_operator;

-- Payments of one payer, newest first, without sorting all of them.
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^payments_v\d+$'
    LOOP
        EXECUTE format('DROP INDEX IF EXISTS lunas.payments_v%1$s_payer_idx', number);
        EXECUTE format('CREATE INDEX payments_v%1$s_payer_idx ON lunas.payments_v%1$s (lower(payer_email), first_position DESC)
                        WHERE payer_email IS NOT NULL', number);
    END LOOP;
END $$;

-- A subscription that was announced and whose payment nobody told of shows it.
DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^subscriptions_v\d+$'
    LOOP
        EXECUTE format('ALTER TABLE lunas.subscriptions_v%1$s ADD COLUMN held text', number);
    END LOOP;
    FOR number IN SELECT version::text FROM lunas.projection_versions WHERE name = 'subscriptions' AND status = 'live'
    LOOP
        EXECUTE format('
CREATE OR REPLACE VIEW lunas.subscriptions AS
SELECT
    s.subscription_id,
    s.customer_id,
    s.provider,
    s.plan,
    s.tier,
    CASE
        -- Says why it ends, or ended; whether it still opens anything is has_access.
        WHEN s.status = ''cancelled'' THEN ''cancelled''
        WHEN s.access_until <= now() THEN ''expired''
        WHEN s.status = ''active'' AND s.expires_at <= now() THEN ''past_due''
        ELSE s.status
    END AS status,
    s.status IN (''active'', ''past_due'', ''cancelled'') AND coalesce(s.access_until > now(), s.status <> ''cancelled'') AS has_access,
    s.licence_code,
    s.member_id,
    s.started_at,
    s.expires_at,
    s.access_until,
    s.cancel_at_period_end,
    s.first_position,
    s.position,
    EXISTS (
        SELECT FROM lunas.projection_parked p
        WHERE p.name = ''subscriptions'' AND p.version = %1$s AND p.stream = ''customer-'' || s.customer_id
    ) AS stale,
    s.held
FROM lunas.subscriptions_v%1$s s
WHERE s.status NOT IN (''merged'', ''withdrawn'')'
        , number);
    END LOOP;
END $$;

-- migrate:down

DO $$
DECLARE
    number text;
BEGIN
    FOR number IN SELECT version::text FROM lunas.projection_versions WHERE name = 'subscriptions' AND status = 'live'
    LOOP
        DROP VIEW lunas.subscriptions;
        EXECUTE format('
CREATE OR REPLACE VIEW lunas.subscriptions AS
SELECT
    s.subscription_id,
    s.customer_id,
    s.provider,
    s.plan,
    s.tier,
    CASE
        -- Says why it ends, or ended; whether it still opens anything is has_access.
        WHEN s.status = ''cancelled'' THEN ''cancelled''
        WHEN s.access_until <= now() THEN ''expired''
        WHEN s.status = ''active'' AND s.expires_at <= now() THEN ''past_due''
        ELSE s.status
    END AS status,
    s.status IN (''active'', ''past_due'', ''cancelled'') AND coalesce(s.access_until > now(), s.status <> ''cancelled'') AS has_access,
    s.licence_code,
    s.member_id,
    s.started_at,
    s.expires_at,
    s.access_until,
    s.cancel_at_period_end,
    s.first_position,
    s.position,
    EXISTS (
        SELECT FROM lunas.projection_parked p
        WHERE p.name = ''subscriptions'' AND p.version = %1$s AND p.stream = ''customer-'' || s.customer_id
    ) AS stale
FROM lunas.subscriptions_v%1$s s
WHERE s.status NOT IN (''merged'', ''withdrawn'')'
        , number);
        GRANT SELECT ON lunas.subscriptions TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
    END LOOP;
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^subscriptions_v\d+$'
    LOOP
        EXECUTE format('ALTER TABLE lunas.subscriptions_v%1$s DROP COLUMN held', number);
    END LOOP;
END $$;

DO $$
DECLARE
    number text;
BEGIN
    FOR number IN
        SELECT substring(c.relname FROM 'v(\d+)$') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'lunas' AND c.relkind = 'r' AND c.relname ~ '^payments_v\d+$'
    LOOP
        EXECUTE format('DROP INDEX IF EXISTS lunas.payments_v%1$s_payer_idx', number);
        EXECUTE format('CREATE INDEX payments_v%1$s_payer_idx ON lunas.payments_v%1$s (lower(payer_email)) WHERE payer_email IS NOT NULL', number);
    END LOOP;
END $$;
DROP VIEW lunas.letter_kinds;
DROP VIEW lunas.delivery_kinds;
CREATE INDEX dead_letters_status_idx ON lunas.dead_letters (status, dead_letter_id);
DROP INDEX lunas.dead_letters_last_seen_idx;
DROP INDEX lunas.dead_letters_kind_idx;
CREATE INDEX deliveries_troubled_idx ON lunas.deliveries (status, delivery_id)
    WHERE status IN ('conflict', 'parked', 'quarantined');
DROP INDEX lunas.deliveries_kind_idx;
DROP FUNCTION lunas.first_id;
