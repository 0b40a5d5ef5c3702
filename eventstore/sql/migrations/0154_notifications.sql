-- migrate:up

-- Who notifies works as a role of its own: it reads the log, keeps what it has told whom, and can append nothing.
DO $$
DECLARE
    lock_function regprocedure;
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lunas_notifier') THEN
            CREATE ROLE lunas_notifier NOLOGIN;
        END IF;
        IF NOT pg_has_role(current_user, 'lunas_notifier', 'MEMBER') THEN
            GRANT lunas_notifier TO CURRENT_USER;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    FOR lock_function IN
        SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'pg_catalog' AND p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO lunas_notifier', lock_function);
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA lunas TO lunas_notifier;
GRANT SELECT ON lunas.events, lunas.streams TO lunas_notifier;
CREATE POLICY notifier_reads ON lunas.events FOR SELECT TO lunas_notifier USING (true);
GRANT SELECT, INSERT, UPDATE ON lunas.checkpoints TO lunas_notifier;

-- Where applications want to hear of decisions. Their secrets are nowhere: they are derived from a key of the deployment (docs/adr/0051).
CREATE TABLE lunas.endpoints (
    endpoint_id        text        NOT NULL,
    application        text        NOT NULL,
    url                text        NOT NULL,
    events             text[]      NOT NULL CHECK (cardinality(events) > 0),
    key_id             text        NOT NULL,
    generation         integer     NOT NULL DEFAULT 1,
    earlier_key_id     text,
    earlier_generation integer,
    earlier_until      timestamptz,
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by         text        NOT NULL,
    failing_since      timestamptz,
    disabled_at        timestamptz,
    disabled_because   text CHECK (disabled_because IN ('operator', 'gone', 'failing')),
    removed_at         timestamptz,
    CONSTRAINT endpoints_pkey PRIMARY KEY (endpoint_id),
    CONSTRAINT endpoints_disabled CHECK ((disabled_at IS NULL) = (disabled_because IS NULL))
);

COMMENT ON TABLE  lunas.endpoints IS 'Addresses of our applications that are sent webhooks.';
COMMENT ON COLUMN lunas.endpoints.endpoint_id IS '`ep_` and 32 digits.';
COMMENT ON COLUMN lunas.endpoints.application IS 'Whose it is, in the words of the operator who made it.';
COMMENT ON COLUMN lunas.endpoints.url IS 'Where to send to.';
COMMENT ON COLUMN lunas.endpoints.events IS 'Kinds of notifications it is sent.';
COMMENT ON COLUMN lunas.endpoints.key_id IS 'Which key of the deployment its secret is derived from: 12 hex of its SHA-256.';
COMMENT ON COLUMN lunas.endpoints.generation IS 'The how manieth secret it is; a rotation counts on.';
COMMENT ON COLUMN lunas.endpoints.earlier_key_id IS 'The same of the secret before, while both sign.';
COMMENT ON COLUMN lunas.endpoints.earlier_generation IS 'The same of the secret before.';
COMMENT ON COLUMN lunas.endpoints.earlier_until IS 'Until when the secret before signs as well.';
COMMENT ON COLUMN lunas.endpoints.created_at IS 'When; earlier decisions are not told.';
COMMENT ON COLUMN lunas.endpoints.created_by IS 'Who.';
COMMENT ON COLUMN lunas.endpoints.failing_since IS 'Since when every attempt failed; null: the last one did not.';
COMMENT ON COLUMN lunas.endpoints.disabled_at IS 'Since when nothing is sent; what comes meanwhile waits.';
COMMENT ON COLUMN lunas.endpoints.disabled_because IS 'operator, gone (it answered 410) or failing (for days).';
COMMENT ON COLUMN lunas.endpoints.removed_at IS 'Since when it is no endpoint any more.';

-- One row for every decision and receiver: the outbox of the notifier, written with its checkpoint.
CREATE TABLE lunas.notifications (
    event_id    uuid        NOT NULL,
    receiver    text        NOT NULL,
    position    bigint      NOT NULL,
    kind        text        NOT NULL,
    subject     text        NOT NULL,
    customer_id text,
    occurred_at timestamptz NOT NULL,
    data        json        NOT NULL,
    status      text        NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed', 'skipped')),
    attempts    integer     NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    answered    integer,
    trouble     text,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at  timestamptz,
    CONSTRAINT notifications_pkey PRIMARY KEY (event_id, receiver),
    CONSTRAINT notifications_once UNIQUE (receiver, kind, subject)
);
CREATE INDEX notifications_due_idx ON lunas.notifications (receiver, due_at) WHERE status = 'waiting';
CREATE INDEX notifications_created_idx ON lunas.notifications (created_at);

COMMENT ON TABLE  lunas.notifications IS 'What is told to whom because of which decision, how often that was tried, and what came of it. Nothing personal but ids.';
COMMENT ON COLUMN lunas.notifications.event_id IS 'The decision in the log; of a test, a number of its own. The `webhook-id` is made of it.';
COMMENT ON COLUMN lunas.notifications.receiver IS 'An endpoint, or email for the customer.';
COMMENT ON COLUMN lunas.notifications.position IS 'Of the decision, in the log; 0 of a test.';
COMMENT ON COLUMN lunas.notifications.kind IS 'What is told: payment.received and the like.';
COMMENT ON COLUMN lunas.notifications.subject IS 'What it is told of: once for each receiver, however many decisions say it.';
COMMENT ON COLUMN lunas.notifications.customer_id IS 'Whose matter it is; null when nobody knows.';
COMMENT ON COLUMN lunas.notifications.occurred_at IS 'When what is told happened.';
COMMENT ON COLUMN lunas.notifications.data IS 'The `data` of the webhook, as it is sent.';
COMMENT ON COLUMN lunas.notifications.status IS 'waiting, delivered, failed (the schedule is over), or skipped (there is nobody to tell).';
COMMENT ON COLUMN lunas.notifications.attempts IS 'How often it was tried.';
COMMENT ON COLUMN lunas.notifications.due_at IS 'When it is tried next; while somebody tries, when another one may.';
COMMENT ON COLUMN lunas.notifications.answered IS 'HTTP status of the last attempt.';
COMMENT ON COLUMN lunas.notifications.trouble IS 'Why the last attempt failed, or why nobody is told: a stable code.';
COMMENT ON COLUMN lunas.notifications.created_at IS 'When it was written here.';
COMMENT ON COLUMN lunas.notifications.settled_at IS 'When it was delivered, given up or skipped.';

GRANT SELECT, UPDATE (failing_since, disabled_at, disabled_because) ON lunas.endpoints TO lunas_notifier;
GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.notifications TO lunas_notifier;
GRANT SELECT, INSERT,
    UPDATE (key_id, generation, earlier_key_id, earlier_generation, earlier_until, failing_since, disabled_at, disabled_because, removed_at)
    ON lunas.endpoints TO lunas_operator;
GRANT SELECT, INSERT, UPDATE (status, attempts, due_at, answered, trouble, settled_at) ON lunas.notifications TO lunas_operator;

-- migrate:down

DROP TABLE lunas.notifications;
DROP TABLE lunas.endpoints;
DROP POLICY notifier_reads ON lunas.events;
REVOKE ALL ON lunas.events, lunas.streams, lunas.checkpoints FROM lunas_notifier;
REVOKE USAGE ON SCHEMA lunas FROM lunas_notifier;
