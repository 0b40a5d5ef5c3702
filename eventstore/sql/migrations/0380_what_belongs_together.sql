-- migrate:up

COMMENT ON COLUMN lunas.events.metadata IS 'JSON: correlation_id (what belongs together; where there is none, the delivery), causation_id, and where known delivery_id, actor, catalog_version.';

-- migrate:down

COMMENT ON COLUMN lunas.events.metadata IS 'JSON: correlation_id, causation_id, and where known delivery_id, actor, catalog_version.';
