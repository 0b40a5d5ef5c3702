-- create: Table of one generation.
CREATE TABLE spending_vN (
    customer_id     text   NOT NULL,
    spent_idr       bigint NOT NULL,
    reserved_tokens bigint NOT NULL,
    frozen          text,
    month           text   NOT NULL,
    month_tokens    bigint NOT NULL,
    month_papers    bigint NOT NULL,
    day             text   NOT NULL,
    day_tokens      bigint NOT NULL,
    position        bigint NOT NULL,
    CONSTRAINT spending_vN_pkey PRIMARY KEY (customer_id)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON spending_vN TO lunas_projector;
GRANT SELECT ON spending_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS spending_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX spending_vN_frozen_idx ON spending_vN (customer_id) WHERE frozen IS NOT NULL;

-- load: Rows that a batch touches.
SELECT customer_id, spent_idr, reserved_tokens, frozen, month, month_tokens, month_papers, day, day_tokens, position
FROM spending_vN WHERE customer_id = ANY($1::text[]);

-- upsert: Write whole rows.
INSERT INTO spending_vN
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
    $9::bigint[], $10::bigint[])
ON CONFLICT (customer_id) DO UPDATE SET
    spent_idr = excluded.spent_idr,
    reserved_tokens = excluded.reserved_tokens,
    frozen = excluded.frozen,
    month = excluded.month,
    month_tokens = excluded.month_tokens,
    month_papers = excluded.month_papers,
    day = excluded.day,
    day_tokens = excluded.day_tokens,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT customer_id AS key, live::text AS live, rebuilt::text AS rebuilt
FROM spending_vN AS live FULL JOIN spending_v0 AS rebuilt USING (customer_id)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM spending_vN;

-- view: What readers see; use of an earlier month or day counts no more, by the database's clock and the calendar of Asia/Jakarta.
CREATE OR REPLACE VIEW spending AS
SELECT
    s.customer_id,
    s.spent_idr,
    s.reserved_tokens,
    s.frozen AS frozen_reason,
    CASE WHEN s.month >= to_char(now() AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM') THEN s.month_tokens ELSE 0 END AS month_tokens,
    CASE WHEN s.month >= to_char(now() AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM') THEN s.month_papers ELSE 0 END AS month_papers,
    CASE WHEN s.day >= to_char(now() AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD') THEN s.day_tokens ELSE 0 END AS day_tokens,
    s.position,
    EXISTS (
        SELECT FROM projection_parked p
        WHERE p.name = 'spending' AND p.version = N AND p.stream = 'credit-' || s.customer_id
    ) AS stale,
    s.frozen IS NOT NULL AS frozen
FROM spending_vN s;
COMMENT ON VIEW spending IS 'What every customer who ever spent, reserved or used anything did with credit and quotas.';
COMMENT ON COLUMN spending.customer_id IS 'Whose it is.';
COMMENT ON COLUMN spending.spent_idr IS 'Rupiah that the spent tokens had cost, by top-up.';
COMMENT ON COLUMN spending.reserved_tokens IS 'Set aside by reservations.';
COMMENT ON COLUMN spending.frozen_reason IS 'Why nothing can be spent; null when it can.';
COMMENT ON COLUMN spending.month_tokens IS 'Tokens used against the quota of this month.';
COMMENT ON COLUMN spending.month_papers IS 'Papers used this month.';
COMMENT ON COLUMN spending.day_tokens IS 'Tokens used against the quota of today.';
COMMENT ON COLUMN spending.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN spending.stale IS 'True while events of this customer wait because one of them could not be folded.';
COMMENT ON COLUMN spending.frozen IS 'Nothing can be spent until an operator has looked at it.';
GRANT SELECT ON spending TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
