-- Logins of lunas, one per process. Run once as a superuser, connected to the database lunas will use; again at any time.
--
-- The six roles with rights (lunas_processor, lunas_projector, lunas_api, lunas_notifier, lunas_operator, lunas_reader) are those of the migrations:
-- `lunas migrate` gives them their rights on tables. They are only made here when no migration has run yet. A login may become exactly
-- one of them. Logins have no password until one is set, and PostgreSQL lets nobody in without: `deploy/make_secrets.py` writes the
-- statements that set them, as verifiers, so that no clear text reaches the server's log.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['lunas_processor', 'lunas_projector', 'lunas_api', 'lunas_notifier', 'lunas_operator', 'lunas_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    FOREACH role IN ARRAY ARRAY['lunas_login_owner', 'lunas_login_processor', 'lunas_login_projections', 'lunas_login_api',
                                'lunas_login_notify', 'lunas_login_operator', 'lunas_login_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
        END IF;
    END LOOP;
    -- Nobody else gets into this database.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO lunas_login_owner, lunas_login_processor, lunas_login_projections, lunas_login_api,'
        ' lunas_login_notify, lunas_login_operator, lunas_login_reader', current_database());
    -- Migrations create the schema; that login owns the tables. No process runs with it.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO lunas_login_owner', current_database());
END;
$$;

-- The owner hands out rights, and may take on any role to check them (lunas doctor).
GRANT lunas_processor, lunas_projector, lunas_api, lunas_notifier, lunas_operator, lunas_reader TO lunas_login_owner;
GRANT lunas_processor TO lunas_login_processor;
GRANT lunas_projector TO lunas_login_projections;
GRANT lunas_api       TO lunas_login_api;
GRANT lunas_notifier  TO lunas_login_notify;
GRANT lunas_operator  TO lunas_login_operator;
GRANT lunas_reader    TO lunas_login_reader;

-- The server's own limits, for the day a client forgets its own. Each is longer than what the process itself allows
-- (LUNAS_DATABASE_COMMAND_TIMEOUT_SECONDS is 30), so that in normal life the process gives up first and says so.
ALTER ROLE lunas_login_owner       SET statement_timeout = '15min';
ALTER ROLE lunas_login_owner       SET lock_timeout = '10s';
ALTER ROLE lunas_login_processor   SET statement_timeout = '60s';
ALTER ROLE lunas_login_processor   SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE lunas_login_projections SET statement_timeout = '10min';
ALTER ROLE lunas_login_projections SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE lunas_login_api         SET statement_timeout = '60s';
ALTER ROLE lunas_login_api         SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE lunas_login_notify      SET statement_timeout = '60s';
ALTER ROLE lunas_login_notify      SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE lunas_login_operator    SET statement_timeout = '60s';
ALTER ROLE lunas_login_operator    SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE lunas_login_reader      SET statement_timeout = '30s';
ALTER ROLE lunas_login_reader      SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE lunas_login_reader      SET default_transaction_read_only = on;

-- An append that was answered must survive a crash, whatever the server's default is.
ALTER ROLE lunas_login_processor   SET synchronous_commit = on;
ALTER ROLE lunas_login_api         SET synchronous_commit = on;
ALTER ROLE lunas_login_notify      SET synchronous_commit = on;
ALTER ROLE lunas_login_operator    SET synchronous_commit = on;

-- Tables are found by these names alone, whatever else the cluster holds.
ALTER ROLE lunas_login_owner       SET search_path = lunas;
ALTER ROLE lunas_login_processor   SET search_path = lunas;
ALTER ROLE lunas_login_projections SET search_path = lunas;
ALTER ROLE lunas_login_api         SET search_path = lunas;
ALTER ROLE lunas_login_notify      SET search_path = lunas;
ALTER ROLE lunas_login_operator    SET search_path = lunas;
ALTER ROLE lunas_login_reader      SET search_path = lunas;

-- Two processes of a kind with full pools, listeners and leaders; a leak in one does not take everybody's connections.
ALTER ROLE lunas_login_processor   CONNECTION LIMIT 40;
ALTER ROLE lunas_login_projections CONNECTION LIMIT 20;
ALTER ROLE lunas_login_api         CONNECTION LIMIT 40;
ALTER ROLE lunas_login_notify      CONNECTION LIMIT 20;
ALTER ROLE lunas_login_operator    CONNECTION LIMIT 20;
ALTER ROLE lunas_login_reader      CONNECTION LIMIT 20;
