-- migrate:up

-- A plan may look through several places at once, and its items say where each is from. What only the provider has (`missing`) is not in any
-- table of ours yet, so the plan keeps the very words that are to be given to the queue.
ALTER TABLE lunas.replay_plans DROP CONSTRAINT replay_plans_source_check;
COMMENT ON COLUMN lunas.replay_plans.source IS 'What was looked through, joined by commas: letters (open dead letters), deliveries, unhandled (deliveries whose event nothing handled), quarantine (rejected requests that are genuine under the secrets of now), missing (what the provider lists and we were never sent).';

ALTER TABLE lunas.replay_items ADD COLUMN source text NOT NULL DEFAULT 'letters';
UPDATE lunas.replay_items i SET source = p.source FROM lunas.replay_plans p WHERE p.plan_id = i.plan_id AND p.source <> 'letters';
ALTER TABLE lunas.replay_items
    ALTER COLUMN source DROP DEFAULT,
    ADD CONSTRAINT replay_items_source_check CHECK (source IN ('letters', 'deliveries', 'quarantine', 'missing')),
    ADD COLUMN message bytea;
COMMENT ON COLUMN lunas.replay_items.source IS 'letters, deliveries, quarantine or missing: where source_id is an id of.';
COMMENT ON COLUMN lunas.replay_items.message IS 'What is sent, where no other table has it: the provider''s words on being asked.';
COMMENT ON COLUMN lunas.replay_items.source_id IS 'The dead letter, delivery or rejected request; of what is missing the delivery as which it is sent.';

-- The newest delivery that each secret has let in, without a look at a day of them: rotating a secret needs to know whether the old one is still
-- used. One key after the other by the index, as `delivery_kinds`.
CREATE INDEX deliveries_secret_idx ON lunas.deliveries (provider COLLATE "C", secret_id COLLATE "C", delivery_id) WHERE replay_of IS NULL;

CREATE VIEW lunas.delivery_secrets AS
WITH RECURSIVE secrets AS (
    (SELECT d.provider COLLATE "C" AS provider, d.secret_id COLLATE "C" AS secret_id
     FROM lunas.deliveries d WHERE d.replay_of IS NULL
     ORDER BY d.provider COLLATE "C", d.secret_id COLLATE "C" LIMIT 1)
    UNION ALL
    SELECT another.*
    FROM secrets s CROSS JOIN LATERAL (
        SELECT d.provider COLLATE "C", d.secret_id COLLATE "C"
        FROM lunas.deliveries d
        WHERE d.replay_of IS NULL AND (d.provider COLLATE "C", d.secret_id COLLATE "C") > (s.provider, s.secret_id)
        ORDER BY d.provider COLLATE "C", d.secret_id COLLATE "C" LIMIT 1
    ) AS another
)
SELECT provider, secret_id FROM secrets;
COMMENT ON VIEW lunas.delivery_secrets IS 'Every secret that has let in a delivery of a provider. Read by the index alone.';
COMMENT ON COLUMN lunas.delivery_secrets.provider IS 'Provider.';
COMMENT ON COLUMN lunas.delivery_secrets.secret_id IS 'Digest that names the secret.';
GRANT SELECT ON lunas.delivery_secrets TO lunas_operator;

-- migrate:down

DROP VIEW lunas.delivery_secrets;
DROP INDEX lunas.deliveries_secret_idx;
DELETE FROM lunas.replay_items i USING lunas.replay_plans p WHERE p.plan_id = i.plan_id AND p.source NOT IN ('letters', 'deliveries');
DELETE FROM lunas.replay_plans WHERE source NOT IN ('letters', 'deliveries');
ALTER TABLE lunas.replay_items DROP COLUMN message, DROP COLUMN source;
ALTER TABLE lunas.replay_plans ADD CONSTRAINT replay_plans_source_check CHECK (source IN ('letters', 'deliveries'));
