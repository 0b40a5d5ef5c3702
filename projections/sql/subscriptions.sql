-- create: Table of one generation.
CREATE TABLE subscriptions_vN (
    subscription_id      text    NOT NULL,
    customer_id          text    NOT NULL,
    provider             text    NOT NULL,
    plan                 text,
    tier                 text,
    status               text    NOT NULL,
    licence_code         text,
    member_id            text,
    started_at           timestamptz,
    expires_at           timestamptz,
    access_until         timestamptz,
    cancel_at_period_end boolean NOT NULL,
    first_position       bigint  NOT NULL,
    position             bigint  NOT NULL,
    held                 text,
    CONSTRAINT subscriptions_vN_pkey PRIMARY KEY (subscription_id)
) WITH (fillfactor = 85);
GRANT SELECT, INSERT, UPDATE, DELETE ON subscriptions_vN TO lunas_projector;
GRANT SELECT ON subscriptions_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS subscriptions_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX subscriptions_vN_customer_idx ON subscriptions_vN (customer_id, first_position DESC);
CREATE INDEX subscriptions_vN_licence_idx ON subscriptions_vN (licence_code) WHERE licence_code IS NOT NULL;

-- load: Rows as they are; folds need none, a preview shows them.
SELECT subscription_id, customer_id, provider, plan, tier, status, licence_code, member_id, started_at, expires_at, access_until,
    cancel_at_period_end, first_position, position, held
FROM subscriptions_vN WHERE subscription_id = ANY($1::text[]);

-- upsert: Write whole rows; the position of the first event stays.
INSERT INTO subscriptions_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::boolean[], $13::bigint[], $14::bigint[],
    $15::text[])
ON CONFLICT (subscription_id) DO UPDATE SET
    customer_id = excluded.customer_id,
    provider = excluded.provider,
    plan = excluded.plan,
    tier = excluded.tier,
    status = excluded.status,
    licence_code = excluded.licence_code,
    member_id = excluded.member_id,
    started_at = excluded.started_at,
    expires_at = excluded.expires_at,
    access_until = excluded.access_until,
    cancel_at_period_end = excluded.cancel_at_period_end,
    position = excluded.position,
    held = excluded.held;

-- compare: Rows that differ from the scratch rebuild.
SELECT subscription_id AS key, live::text AS live, rebuilt::text AS rebuilt
FROM subscriptions_vN AS live FULL JOIN subscriptions_v0 AS rebuilt USING (subscription_id)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM subscriptions_vN;

-- view: What readers see; the status by the database's clock, so access ends without any event.
CREATE OR REPLACE VIEW subscriptions AS
SELECT
    s.subscription_id,
    s.customer_id,
    s.provider,
    s.plan,
    s.tier,
    CASE
        -- Says why it ends, or ended; whether it still opens anything is has_access.
        WHEN s.status = 'cancelled' THEN 'cancelled'
        WHEN s.access_until <= now() THEN 'expired'
        WHEN s.status = 'active' AND s.expires_at <= now() THEN 'past_due'
        ELSE s.status
    END AS status,
    s.status IN ('active', 'past_due', 'cancelled') AND coalesce(s.access_until > now(), s.status <> 'cancelled') AS has_access,
    s.licence_code,
    s.member_id,
    s.started_at,
    s.expires_at,
    s.access_until,
    s.cancel_at_period_end,
    s.first_position,
    s.position,
    EXISTS (
        SELECT FROM projection_parked p
        WHERE p.name = 'subscriptions' AND p.version = N AND p.stream = 'customer-' || s.customer_id
    ) AS stale,
    s.held
FROM subscriptions_vN s
WHERE s.status NOT IN ('merged', 'withdrawn');
COMMENT ON VIEW subscriptions IS 'Subscriptions, memberships and licences with their status as of now, each once.';
COMMENT ON COLUMN subscriptions.subscription_id IS 'Our id of the subscription.';
COMMENT ON COLUMN subscriptions.customer_id IS 'Whose it is.';
COMMENT ON COLUMN subscriptions.provider IS 'Provider that charges for it.';
COMMENT ON COLUMN subscriptions.plan IS 'Catalogue product, null when the provider did not say which.';
COMMENT ON COLUMN subscriptions.tier IS 'Tier that comes with the plan, if any.';
COMMENT ON COLUMN subscriptions.status IS 'active, past_due, cancelled, expired or pending, by the database''s clock; what was cancelled stays cancelled after its end.';
COMMENT ON COLUMN subscriptions.has_access IS 'Whether it opens anything right now, by the database''s clock.';
COMMENT ON COLUMN subscriptions.licence_code IS 'Licence code at the provider, if any.';
COMMENT ON COLUMN subscriptions.member_id IS 'Member id at the provider, if any.';
COMMENT ON COLUMN subscriptions.started_at IS 'Start of the first period.';
COMMENT ON COLUMN subscriptions.expires_at IS 'End of the period that is paid for.';
COMMENT ON COLUMN subscriptions.access_until IS 'End of access by our own clock: expires_at and grace; null when no end is known.';
COMMENT ON COLUMN subscriptions.cancel_at_period_end IS 'True when it will not renew but still runs to the end of the period.';
COMMENT ON COLUMN subscriptions.first_position IS 'Log position of its first event; newest first when sorted downwards.';
COMMENT ON COLUMN subscriptions.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN subscriptions.stale IS 'True while events of this customer wait because one of them could not be folded.';
COMMENT ON COLUMN subscriptions.held IS 'unconfirmed while it was announced as usable and no payment of it was told for too long; else null.';
GRANT SELECT ON subscriptions TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
