-- create: Table of one generation.
CREATE TABLE balances_vN (
    customer_id     text   NOT NULL,
    credit_tokens   bigint NOT NULL,
    chat_tokens     bigint NOT NULL,
    topped_up_idr   bigint NOT NULL,
    spent_tokens    bigint NOT NULL,
    last_top_up_at  timestamptz,
    last_top_up_idr bigint,
    tier            text,
    tier_until      timestamptz,
    fallback_tier   text,
    position        bigint NOT NULL,
    set_aside       text,
    CONSTRAINT balances_vN_pkey PRIMARY KEY (customer_id)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON balances_vN TO lunas_projector;
GRANT SELECT ON balances_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS balances_vN;

-- index: Secondary indexes, made after the first build.
SELECT;

-- load: Rows that a batch touches.
SELECT customer_id, credit_tokens, chat_tokens, topped_up_idr, spent_tokens, last_top_up_at, last_top_up_idr,
    tier, tier_until, fallback_tier, position, set_aside
FROM balances_vN WHERE customer_id = ANY($1::text[]);

-- upsert: Write whole rows.
INSERT INTO balances_vN
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[],
    $7::bigint[], $8::text[], $9::timestamptz[], $10::text[], $11::bigint[], $12::text[])
ON CONFLICT (customer_id) DO UPDATE SET
    credit_tokens = excluded.credit_tokens,
    chat_tokens = excluded.chat_tokens,
    topped_up_idr = excluded.topped_up_idr,
    spent_tokens = excluded.spent_tokens,
    last_top_up_at = excluded.last_top_up_at,
    last_top_up_idr = excluded.last_top_up_idr,
    tier = excluded.tier,
    tier_until = excluded.tier_until,
    fallback_tier = excluded.fallback_tier,
    position = excluded.position,
    set_aside = excluded.set_aside;

-- merge: Add what a batch changes to rows that were not read. A column that nothing in the batch touched comes as an empty array.
INSERT INTO balances_vN AS kept
SELECT customer_id, coalesce(credit_tokens, 0), coalesce(chat_tokens, 0), coalesce(topped_up_idr, 0), coalesce(spent_tokens, 0),
    last_top_up_at, last_top_up_idr, tier, tier_until, fallback_tier, position, set_aside
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[],
    $7::bigint[], $8::text[], $9::timestamptz[], $10::text[], $11::bigint[], $12::text[])
    AS added (customer_id, credit_tokens, chat_tokens, topped_up_idr, spent_tokens, last_top_up_at,
    last_top_up_idr, tier, tier_until, fallback_tier, position, set_aside)
ON CONFLICT (customer_id) DO UPDATE SET
    credit_tokens = kept.credit_tokens + excluded.credit_tokens,
    chat_tokens = kept.chat_tokens + excluded.chat_tokens,
    topped_up_idr = kept.topped_up_idr + excluded.topped_up_idr,
    spent_tokens = kept.spent_tokens + excluded.spent_tokens,
    last_top_up_at = CASE
        WHEN kept.last_top_up_at IS NULL
            OR (excluded.last_top_up_at, excluded.last_top_up_idr) > (kept.last_top_up_at, kept.last_top_up_idr)
        THEN excluded.last_top_up_at ELSE kept.last_top_up_at END,
    last_top_up_idr = CASE
        WHEN kept.last_top_up_at IS NULL
            OR (excluded.last_top_up_at, excluded.last_top_up_idr) > (kept.last_top_up_at, kept.last_top_up_idr)
        THEN excluded.last_top_up_idr ELSE kept.last_top_up_idr END,
    tier = coalesce(excluded.tier, kept.tier),
    tier_until = CASE WHEN excluded.tier IS NULL THEN kept.tier_until ELSE excluded.tier_until END,
    fallback_tier = CASE WHEN excluded.tier IS NULL THEN kept.fallback_tier ELSE excluded.fallback_tier END,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT customer_id AS key, live::text AS live, rebuilt::text AS rebuilt
FROM balances_vN AS live FULL JOIN balances_v0 AS rebuilt USING (customer_id)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM balances_vN;

-- view: What readers see; the tier by the database's clock.
CREATE OR REPLACE VIEW balances AS
SELECT
    b.customer_id,
    CASE WHEN b.tier_until <= now() THEN b.fallback_tier ELSE b.tier END AS tier,
    CASE WHEN b.tier_until > now() THEN b.tier_until END AS tier_until,
    b.credit_tokens,
    b.chat_tokens,
    b.topped_up_idr,
    b.spent_tokens,
    b.last_top_up_at,
    b.last_top_up_idr,
    b.position,
    EXISTS (
        SELECT FROM projection_parked p
        WHERE p.name = 'balances' AND p.version = N AND p.stream IN ('customer-' || b.customer_id, 'credit-' || b.customer_id)
    ) AS stale,
    floor(b.credit_tokens / 10.0)::bigint AS credit_idr,
    greatest(-b.credit_tokens, 0) AS debt_tokens
FROM balances_vN b;
COMMENT ON VIEW balances IS 'Credit, chat tokens, lifetime totals and tier of every customer for whom something was decided.';
COMMENT ON COLUMN balances.customer_id IS 'Whose balance it is.';
COMMENT ON COLUMN balances.tier IS 'Tier in force now, by the database''s clock; null until one was decided: the first tier of the catalogue.';
COMMENT ON COLUMN balances.tier_until IS 'When the tier in force ends by itself; null when it does not.';
COMMENT ON COLUMN balances.credit_tokens IS 'Credit that can be spent, in tokens (the finer unit): without what is reserved; below zero when money went back after it was spent.';
COMMENT ON COLUMN balances.chat_tokens IS 'Chat tokens left, from token packages.';
COMMENT ON COLUMN balances.topped_up_idr IS 'Rupiah ever topped up; refunds do not reduce it, but what was never due is not in it.';
COMMENT ON COLUMN balances.spent_tokens IS 'Credit tokens ever spent.';
COMMENT ON COLUMN balances.last_top_up_at IS 'When the newest top-up was paid.';
COMMENT ON COLUMN balances.last_top_up_idr IS 'Rupiah of the newest top-up.';
COMMENT ON COLUMN balances.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN balances.stale IS 'True while events of this customer wait because one of them could not be folded.';
COMMENT ON COLUMN balances.credit_idr IS 'A tenth of credit_tokens, in rupiah, rounded down.';
COMMENT ON COLUMN balances.debt_tokens IS 'Spent before its money went back; the next top-ups cover it.';
GRANT SELECT ON balances TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
