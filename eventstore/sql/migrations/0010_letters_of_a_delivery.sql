-- migrate:up

-- `lunas find` and `lunas webhooks show` ask which letters a delivery has; letters are kept for ever.
CREATE INDEX dead_letters_delivery_idx ON lunas.dead_letters (delivery_id) WHERE delivery_id IS NOT NULL;

-- migrate:down

DROP INDEX lunas.dead_letters_delivery_idx;
