-- migrate:up

-- Roles belong to the whole cluster: another database may have created them, or may be doing so right now.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_operator', 'lunas_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            END IF;
            -- The login a process connects with must be able to SET ROLE; superusers need no membership for that.
            IF NOT pg_has_role(current_user, name, 'MEMBER') THEN
                EXECUTE format('GRANT %I TO CURRENT_USER', name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END;
$$;

REVOKE ALL ON SCHEMA lunas FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA lunas FROM PUBLIC;
GRANT USAGE ON SCHEMA lunas TO lunas_processor, lunas_projector, lunas_api, lunas_operator, lunas_reader;

-- The log: whoever appends may read and add, never change. Only the version of a stream's head may be moved.
GRANT SELECT, INSERT ON lunas.events TO lunas_processor, lunas_api, lunas_operator;
GRANT SELECT, INSERT, UPDATE (version) ON lunas.streams TO lunas_processor, lunas_api, lunas_operator;
GRANT SELECT ON lunas.events, lunas.streams TO lunas_projector;

-- Intake.
GRANT SELECT, INSERT, UPDATE (effects) ON lunas.inbox TO lunas_processor;
GRANT SELECT, INSERT ON lunas.deliveries TO lunas_processor;
GRANT SELECT, INSERT, UPDATE ON lunas.dead_letters TO lunas_processor;
GRANT SELECT, INSERT, DELETE ON lunas.quarantine TO lunas_processor;

-- Fulfilment.
GRANT SELECT, INSERT, UPDATE ON lunas.checkpoints TO lunas_processor;
GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.fulfilment_cases, lunas.fulfilment_aliases, lunas.fulfilment_waits,
    lunas.fulfilment_customers TO lunas_processor;

-- Projections. Their own tables bring their own grants.
GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.checkpoints, lunas.projection_versions TO lunas_projector;

-- Doors. The API appends customers; operators append claims, look at everything and decide about dead letters.
GRANT SELECT ON lunas.checkpoints, lunas.projection_versions TO lunas_api, lunas_operator, lunas_reader;
GRANT SELECT ON lunas.inbox, lunas.deliveries, lunas.quarantine, lunas.dead_letters, lunas.fulfilment_cases,
    lunas.fulfilment_aliases, lunas.fulfilment_waits, lunas.fulfilment_customers TO lunas_operator;
GRANT UPDATE (status, resolved_by, resolved_at) ON lunas.dead_letters TO lunas_operator;
GRANT SELECT, INSERT ON lunas.operator_acts TO lunas_operator;

-- migrate:down

-- Roles stay: other databases of the cluster may use them.
REVOKE ALL ON ALL TABLES IN SCHEMA lunas FROM lunas_processor, lunas_projector, lunas_api, lunas_operator, lunas_reader;
REVOKE ALL ON SCHEMA lunas FROM lunas_processor, lunas_projector, lunas_api, lunas_operator, lunas_reader;
