-- migrate:up

-- What came of comparing providers' own lists with our record (docs/adr/0053). A run that was cut off stands here as far as it came.
CREATE TABLE lunas.reconcile_runs (
    run_id     uuid        NOT NULL,
    provider   text        NOT NULL,
    since      timestamptz NOT NULL,
    asked_by   text        NOT NULL,
    status     text        NOT NULL DEFAULT 'running',
    listing    text,
    cursor     text,
    position   bigint,
    steps      integer     NOT NULL DEFAULT 0,
    rows       bigint      NOT NULL DEFAULT 0,
    asked      integer     NOT NULL DEFAULT 0,
    fed        integer     NOT NULL DEFAULT 0,
    found      integer     NOT NULL DEFAULT 0,
    code       text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    CONSTRAINT reconcile_runs_pkey PRIMARY KEY (run_id),
    CONSTRAINT reconcile_runs_status CHECK (status IN ('running', 'done', 'partly', 'replaced'))
);
CREATE UNIQUE INDEX reconcile_runs_running_idx ON lunas.reconcile_runs (provider) WHERE status = 'running';
CREATE INDEX reconcile_runs_newest_idx ON lunas.reconcile_runs (provider, started_at);

COMMENT ON TABLE  lunas.reconcile_runs IS 'Comparisons of a provider''s lists with our record: how far each came and what it found.';
COMMENT ON COLUMN lunas.reconcile_runs.run_id IS 'Of this run.';
COMMENT ON COLUMN lunas.reconcile_runs.provider IS 'Whose lists were read.';
COMMENT ON COLUMN lunas.reconcile_runs.since IS 'From when on payments were compared.';
COMMENT ON COLUMN lunas.reconcile_runs.asked_by IS 'Who wanted it: `schedule`, or an operator.';
COMMENT ON COLUMN lunas.reconcile_runs.status IS 'running (or cut off: the next one goes on there), done, partly (a provider did not let us see the end), replaced by one that looks further back.';
COMMENT ON COLUMN lunas.reconcile_runs.listing IS 'List that is being read; null: payments of ours are asked about one by one.';
COMMENT ON COLUMN lunas.reconcile_runs.cursor IS 'Where in that list the next page begins.';
COMMENT ON COLUMN lunas.reconcile_runs.position IS 'Up to where in the log our own payments were asked about.';
COMMENT ON COLUMN lunas.reconcile_runs.steps IS 'Steps that were written down; whoever goes on must have read the last one.';
COMMENT ON COLUMN lunas.reconcile_runs.rows IS 'Rows of the lists.';
COMMENT ON COLUMN lunas.reconcile_runs.asked IS 'Payments that were asked about one by one.';
COMMENT ON COLUMN lunas.reconcile_runs.fed IS 'What was missing here and given to intake.';
COMMENT ON COLUMN lunas.reconcile_runs.found IS 'Differences that were not known before.';
COMMENT ON COLUMN lunas.reconcile_runs.code IS 'Why it is not done, by our stable code.';
COMMENT ON COLUMN lunas.reconcile_runs.started_at IS 'When it began, by the database''s clock.';
COMMENT ON COLUMN lunas.reconcile_runs.updated_at IS 'When its last step was written down.';
COMMENT ON COLUMN lunas.reconcile_runs.ended_at IS 'When it ended.';

CREATE TABLE lunas.reconcile_findings (
    provider       text        NOT NULL,
    kind           text        NOT NULL,
    payment_id     text        NOT NULL,
    finding_id     uuid        NOT NULL,
    reason         text        NOT NULL DEFAULT '',
    case_key       text,
    ours           text,
    theirs         text,
    our_amount     bigint,
    their_amount   bigint,
    at             timestamptz,
    delivery_id    uuid,
    first_run      uuid        NOT NULL,
    last_run       uuid        NOT NULL,
    first_seen_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at    timestamptz,
    resolution     text,
    CONSTRAINT reconcile_findings_pkey PRIMARY KEY (provider, kind, payment_id),
    CONSTRAINT reconcile_findings_id_key UNIQUE (finding_id),
    CONSTRAINT reconcile_findings_kind CHECK (kind IN
        ('missing_here', 'missing_there', 'amount', 'status', 'duplicate', 'unconfirmed', 'unreadable'))
);
CREATE INDEX reconcile_findings_open_idx ON lunas.reconcile_findings (provider, kind) WHERE resolved_at IS NULL;
CREATE INDEX reconcile_findings_fed_idx ON lunas.reconcile_findings (last_run) WHERE delivery_id IS NOT NULL;

COMMENT ON TABLE  lunas.reconcile_findings IS 'Where a provider''s lists and our record differ. One row per payment and kind, whatever the number of runs that saw it.';
COMMENT ON COLUMN lunas.reconcile_findings.provider IS 'Whose list it is.';
COMMENT ON COLUMN lunas.reconcile_findings.kind IS 'missing_here, missing_there, amount, status, duplicate, unconfirmed, unreadable.';
COMMENT ON COLUMN lunas.reconcile_findings.payment_id IS 'The provider''s id of the payment; of a row nobody can read a digest.';
COMMENT ON COLUMN lunas.reconcile_findings.finding_id IS 'Of this difference.';
COMMENT ON COLUMN lunas.reconcile_findings.reason IS 'Stable code of what exactly, where there is more to say than the kind.';
COMMENT ON COLUMN lunas.reconcile_findings.case_key IS 'Our case of this payment, where there is one.';
COMMENT ON COLUMN lunas.reconcile_findings.ours IS 'Status by our record.';
COMMENT ON COLUMN lunas.reconcile_findings.theirs IS 'Status by the provider.';
COMMENT ON COLUMN lunas.reconcile_findings.our_amount IS 'Whole rupiah by our record.';
COMMENT ON COLUMN lunas.reconcile_findings.their_amount IS 'Whole rupiah by the provider.';
COMMENT ON COLUMN lunas.reconcile_findings.at IS 'Time of the payment by the provider, where its list tells it.';
COMMENT ON COLUMN lunas.reconcile_findings.delivery_id IS 'Delivery as which it was given to intake.';
COMMENT ON COLUMN lunas.reconcile_findings.first_run IS 'Run that saw it first.';
COMMENT ON COLUMN lunas.reconcile_findings.last_run IS 'Newest run that saw it.';
COMMENT ON COLUMN lunas.reconcile_findings.first_seen_at IS 'When it was seen first.';
COMMENT ON COLUMN lunas.reconcile_findings.resolved_at IS 'When it was gone; null: it is open.';
COMMENT ON COLUMN lunas.reconcile_findings.resolution IS 'How: taken_in, confirmed, or gone when the next run looked.';

-- Names that the run under way has seen in the provider's lists: of 100,000 payments a process would have to keep them in memory, and a
-- run that goes on after a crash must know them. Emptied when the run ends.
CREATE TABLE lunas.reconcile_seen (
    provider text NOT NULL,
    name     text NOT NULL,
    CONSTRAINT reconcile_seen_pkey PRIMARY KEY (provider, name)
);
COMMENT ON TABLE  lunas.reconcile_seen IS 'Payments that the run under way has seen in a provider''s lists.';
COMMENT ON COLUMN lunas.reconcile_seen.provider IS 'Whose list it is.';
COMMENT ON COLUMN lunas.reconcile_seen.name IS 'The provider''s id.';

-- One read for whoever wants to know how far a provider's word and our record are apart.
CREATE VIEW lunas.drift AS
SELECT f.provider, f.kind, count(*)::int AS findings,
    coalesce(sum(coalesce(f.their_amount, f.our_amount, 0)), 0)::bigint AS amount_idr,
    min(f.first_seen_at) AS since
FROM lunas.reconcile_findings f
WHERE f.resolved_at IS NULL
GROUP BY f.provider, f.kind;
COMMENT ON VIEW lunas.drift IS 'Open differences between providers'' lists and our record, by kind.';
COMMENT ON COLUMN lunas.drift.provider IS 'Whose list it is.';
COMMENT ON COLUMN lunas.drift.kind IS 'missing_here, missing_there, amount, status, duplicate, unconfirmed, unreadable.';
COMMENT ON COLUMN lunas.drift.findings IS 'How many are open.';
COMMENT ON COLUMN lunas.drift.amount_idr IS 'Whole rupiah that they are about, as far as anybody says.';
COMMENT ON COLUMN lunas.drift.since IS 'When the oldest of them was seen first.';

GRANT SELECT, INSERT, UPDATE ON lunas.reconcile_runs, lunas.reconcile_findings TO lunas_processor;
GRANT SELECT, INSERT, DELETE ON lunas.reconcile_seen TO lunas_processor;
GRANT SELECT ON lunas.reconcile_runs, lunas.reconcile_findings TO lunas_operator, lunas_reader;
GRANT SELECT ON lunas.drift TO lunas_processor, lunas_operator, lunas_reader;

-- migrate:down

DROP VIEW lunas.drift;
DROP TABLE lunas.reconcile_seen;
DROP TABLE lunas.reconcile_findings;
DROP TABLE lunas.reconcile_runs;
