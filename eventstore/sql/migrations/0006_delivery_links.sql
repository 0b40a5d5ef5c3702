-- migrate:up

-- Few deliveries are duplicates or replays; an operator looks for those of one delivery.
CREATE INDEX deliveries_duplicate_of_idx ON lunas.deliveries (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX deliveries_replay_of_idx ON lunas.deliveries (replay_of) WHERE replay_of IS NOT NULL;

-- migrate:down

DROP INDEX lunas.deliveries_replay_of_idx;
DROP INDEX lunas.deliveries_duplicate_of_idx;
