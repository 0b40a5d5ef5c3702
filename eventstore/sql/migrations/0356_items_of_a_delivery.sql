-- migrate:up transaction:false

-- Which replay sent a delivery: asked by the timeline of its payment.
DROP INDEX CONCURRENTLY IF EXISTS lunas.replay_items_delivery_idx;
CREATE INDEX CONCURRENTLY replay_items_delivery_idx ON lunas.replay_items (delivery_id) WHERE delivery_id IS NOT NULL;

-- migrate:down

DROP INDEX lunas.replay_items_delivery_idx;
