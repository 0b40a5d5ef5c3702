-- migrate:up

CREATE TABLE lunas.checkpoints (
    consumer   text        NOT NULL,
    version    integer     NOT NULL,
    partition  integer     NOT NULL,
    position   bigint      NOT NULL CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (consumer, version, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE  lunas.checkpoints IS 'How far each reader of the log has committed; moved by compare-and-set together with what it wrote.';
COMMENT ON COLUMN lunas.checkpoints.consumer IS 'Name of the reader: fulfilment, or a projection.';
COMMENT ON COLUMN lunas.checkpoints.version IS 'Generation of the reader''s tables.';
COMMENT ON COLUMN lunas.checkpoints.partition IS 'Slice of the log by stable hash; 0 when there is one.';
COMMENT ON COLUMN lunas.checkpoints.position IS 'Last position whose effects are committed; 0 = none.';
COMMENT ON COLUMN lunas.checkpoints.updated_at IS 'When it moved last.';

CREATE TABLE lunas.fulfilment_cases (
    case_key    text   NOT NULL,
    kind        text   NOT NULL,
    customer_id text,
    state       json   NOT NULL,
    due_at      timestamptz,
    position    bigint NOT NULL,
    CONSTRAINT fulfilment_cases_pkey PRIMARY KEY (case_key)
) WITH (fillfactor = 80);

CREATE INDEX fulfilment_cases_due_idx ON lunas.fulfilment_cases (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX fulfilment_cases_customer_idx ON lunas.fulfilment_cases (customer_id) WHERE customer_id IS NOT NULL;

COMMENT ON TABLE  lunas.fulfilment_cases IS 'What fulfilment knows about one payment, order or subscription; derived from the log.';
COMMENT ON COLUMN lunas.fulfilment_cases.case_key IS 'Key of the case.';
COMMENT ON COLUMN lunas.fulfilment_cases.kind IS 'payment, order or subscription.';
COMMENT ON COLUMN lunas.fulfilment_cases.customer_id IS 'Whose case it is, when known.';
COMMENT ON COLUMN lunas.fulfilment_cases.state IS 'Folded facts and the decisions already taken, as JSON.';
COMMENT ON COLUMN lunas.fulfilment_cases.due_at IS 'When the case must be looked at again without an event.';
COMMENT ON COLUMN lunas.fulfilment_cases.position IS 'Position of the newest event that changed it.';

CREATE TABLE lunas.fulfilment_aliases (
    alias    text NOT NULL,
    case_key text NOT NULL,
    CONSTRAINT fulfilment_aliases_pkey PRIMARY KEY (alias)
);

CREATE INDEX fulfilment_aliases_case_idx ON lunas.fulfilment_aliases (case_key);

COMMENT ON TABLE  lunas.fulfilment_aliases IS 'Other names of a case: provider ids, references.';
COMMENT ON COLUMN lunas.fulfilment_aliases.alias IS 'A name, prefixed with its provider.';
COMMENT ON COLUMN lunas.fulfilment_aliases.case_key IS 'The case it names.';

CREATE TABLE lunas.fulfilment_waits (
    wait_key text NOT NULL,
    case_key text NOT NULL,
    CONSTRAINT fulfilment_waits_pkey PRIMARY KEY (wait_key, case_key)
);

CREATE INDEX fulfilment_waits_case_idx ON lunas.fulfilment_waits (case_key);

COMMENT ON TABLE  lunas.fulfilment_waits IS 'What a case waits for: a customer, an order, a catalogue entry.';
COMMENT ON COLUMN lunas.fulfilment_waits.wait_key IS 'What is waited for, for example customer_ref:… or catalog.';
COMMENT ON COLUMN lunas.fulfilment_waits.case_key IS 'Case to look at again when it comes.';

CREATE TABLE lunas.fulfilment_customers (
    customer_id      text NOT NULL,
    email_normalized text,
    state            json NOT NULL,
    CONSTRAINT fulfilment_customers_pkey PRIMARY KEY (customer_id)
) WITH (fillfactor = 80);

CREATE INDEX fulfilment_customers_email_idx ON lunas.fulfilment_customers (email_normalized)
    WHERE email_normalized IS NOT NULL;

COMMENT ON TABLE  lunas.fulfilment_customers IS 'What fulfilment knows about a customer when it decides.';
COMMENT ON COLUMN lunas.fulfilment_customers.customer_id IS 'Id given by the application that registered the customer.';
COMMENT ON COLUMN lunas.fulfilment_customers.email_normalized IS 'E-mail in the form it is matched by. Personal data.';
COMMENT ON COLUMN lunas.fulfilment_customers.state IS 'Tier, products owned, version of the customer''s stream, as JSON.';

CREATE TABLE lunas.projection_versions (
    name       text        NOT NULL,
    version    integer     NOT NULL CHECK (version > 0),
    status     text        NOT NULL CHECK (status IN ('building', 'live', 'retired')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    live_at    timestamptz,
    CONSTRAINT projection_versions_pkey PRIMARY KEY (name, version)
);

CREATE UNIQUE INDEX projection_versions_one_live ON lunas.projection_versions (name) WHERE status = 'live';

COMMENT ON TABLE  lunas.projection_versions IS 'Generations of each projection''s tables.';
COMMENT ON COLUMN lunas.projection_versions.name IS 'The projection, for example balances.';
COMMENT ON COLUMN lunas.projection_versions.version IS 'Generation; its tables are named <name>_v<version>.';
COMMENT ON COLUMN lunas.projection_versions.status IS 'building (catching up), live (behind the view) or retired.';
COMMENT ON COLUMN lunas.projection_versions.created_at IS 'When the generation was started.';
COMMENT ON COLUMN lunas.projection_versions.live_at IS 'When the view was switched to it.';

CREATE TABLE lunas.operator_acts (
    act_id uuid        NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor  text        NOT NULL,
    verb   text        NOT NULL,
    target text        NOT NULL,
    reason text        NOT NULL,
    before json,
    after  json,
    undo   text,
    CONSTRAINT operator_acts_pkey PRIMARY KEY (act_id)
);

CREATE INDEX operator_acts_target_idx ON lunas.operator_acts (target, act_id);

COMMENT ON TABLE  lunas.operator_acts IS 'Who did what, why, and how to undo it. Rows are never changed.';
COMMENT ON COLUMN lunas.operator_acts.act_id IS 'UUID version 7.';
COMMENT ON COLUMN lunas.operator_acts.at IS 'When.';
COMMENT ON COLUMN lunas.operator_acts.actor IS 'Who.';
COMMENT ON COLUMN lunas.operator_acts.verb IS 'What was done, for example replay or claim.';
COMMENT ON COLUMN lunas.operator_acts.target IS 'What it was done to.';
COMMENT ON COLUMN lunas.operator_acts.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN lunas.operator_acts.before IS 'State before, as JSON.';
COMMENT ON COLUMN lunas.operator_acts.after IS 'State after, as JSON.';
COMMENT ON COLUMN lunas.operator_acts.undo IS 'Command that takes it back, where there is one.';

CREATE TRIGGER operator_acts_are_immutable BEFORE UPDATE OR DELETE ON lunas.operator_acts
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
CREATE TRIGGER operator_acts_are_not_truncated BEFORE TRUNCATE ON lunas.operator_acts
    FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change();

-- migrate:down

DROP TABLE lunas.operator_acts;
DROP TABLE lunas.projection_versions;
DROP TABLE lunas.fulfilment_customers;
DROP TABLE lunas.fulfilment_waits;
DROP TABLE lunas.fulfilment_aliases;
DROP TABLE lunas.fulfilment_cases;
DROP TABLE lunas.checkpoints;
