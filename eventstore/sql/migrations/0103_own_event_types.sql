-- migrate:up

-- Each door appends only what it may say: a login of the API cannot grant credit, one of the operators cannot invent a decision. The
-- processor says everything else. A policy is checked row by row in the same statement: no round trip more, and readers see all rows.
CREATE POLICY read_all ON lunas.events FOR SELECT TO lunas_processor, lunas_projector, lunas_api, lunas_operator USING (true);
CREATE POLICY processor_appends ON lunas.events FOR INSERT TO lunas_processor WITH CHECK (true);
CREATE POLICY api_appends ON lunas.events FOR INSERT TO lunas_api WITH CHECK (type = 'customer.registered');
CREATE POLICY operator_appends ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = ANY (ARRAY['suspense.claimed', 'suspense.written_off', 'payment.succeeded', 'order.recorded']));
ALTER TABLE lunas.events ENABLE ROW LEVEL SECURITY;

-- The API shows what became of deliveries, never what was sent.
REVOKE SELECT ON lunas.deliveries FROM lunas_api;
GRANT SELECT (delivery_id, provider, received_at, event_name, dedupe_key, status, duplicate_of, replay_of, position)
    ON lunas.deliveries TO lunas_api;

-- migrate:down

REVOKE SELECT (delivery_id, provider, received_at, event_name, dedupe_key, status, duplicate_of, replay_of, position)
    ON lunas.deliveries FROM lunas_api;
GRANT SELECT ON lunas.deliveries TO lunas_api;
ALTER TABLE lunas.events DISABLE ROW LEVEL SECURITY;
DROP POLICY operator_appends ON lunas.events;
DROP POLICY api_appends ON lunas.events;
DROP POLICY processor_appends ON lunas.events;
DROP POLICY read_all ON lunas.events;
