-- migrate:up

-- Accounts are snapshots of a fold of the log, each with the versions of the two streams it was folded from: nothing is filled in here
-- for older customers, the first act on an account folds what there is (docs/adr/0044).
CREATE TABLE lunas.credit_accounts (
    customer_id      text        NOT NULL,
    format           integer     NOT NULL,
    customer_version integer     NOT NULL,
    credit_version   integer     NOT NULL,
    credit_tokens    bigint      NOT NULL,
    reserved_tokens  bigint      NOT NULL CHECK (reserved_tokens >= 0),
    spent_tokens     bigint      NOT NULL CHECK (spent_tokens >= 0),
    debt_tokens      bigint      NOT NULL CHECK (debt_tokens >= 0),
    due_at           timestamptz,
    state            json        NOT NULL,
    CONSTRAINT credit_accounts_pkey PRIMARY KEY (customer_id),
    CONSTRAINT credit_accounts_never_below_debt CHECK (credit_tokens >= -debt_tokens)
) WITH (fillfactor = 50);

CREATE INDEX credit_accounts_due_idx ON lunas.credit_accounts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX credit_accounts_debt_idx ON lunas.credit_accounts (customer_id) WHERE debt_tokens > 0;

COMMENT ON TABLE  lunas.credit_accounts IS 'What can be spent: per customer a fold of the log up to two versions. Changed only under the log''s lock.';
COMMENT ON COLUMN lunas.credit_accounts.customer_id IS 'Whose account it is.';
COMMENT ON COLUMN lunas.credit_accounts.format IS 'Shape of the state; another program''s is folded anew.';
COMMENT ON COLUMN lunas.credit_accounts.customer_version IS 'Version of the stream customer-<id> up to which it is folded.';
COMMENT ON COLUMN lunas.credit_accounts.credit_version IS 'Version of the stream credit-<id> up to which it is folded.';
COMMENT ON COLUMN lunas.credit_accounts.credit_tokens IS 'What can be spent; below zero by debt only.';
COMMENT ON COLUMN lunas.credit_accounts.reserved_tokens IS 'Set aside by reservations.';
COMMENT ON COLUMN lunas.credit_accounts.spent_tokens IS 'Ever spent.';
COMMENT ON COLUMN lunas.credit_accounts.debt_tokens IS 'Spent before its money went back, and not covered yet.';
COMMENT ON COLUMN lunas.credit_accounts.due_at IS 'When the next reservation expires.';
COMMENT ON COLUMN lunas.credit_accounts.state IS 'Lots, reservations, quotas used, tier, as JSON.';

CREATE TABLE lunas.credit_acts (
    customer_id text   NOT NULL,
    kind        text   NOT NULL,
    reference   text   NOT NULL,
    position    bigint NOT NULL,
    CONSTRAINT credit_acts_pkey PRIMARY KEY (customer_id, kind, reference)
);

COMMENT ON TABLE  lunas.credit_acts IS 'What a reference was used for: the same one counts once. Folded from the log.';
COMMENT ON COLUMN lunas.credit_acts.customer_id IS 'Whose reference it is.';
COMMENT ON COLUMN lunas.credit_acts.kind IS 'spend, usage or reservation; closing: the reference is the id of a reservation that is over.';
COMMENT ON COLUMN lunas.credit_acts.reference IS 'Given by the application.';
COMMENT ON COLUMN lunas.credit_acts.position IS 'Position of the event it led to.';

CREATE TABLE lunas.credit_watched (
    one      boolean NOT NULL DEFAULT true CHECK (one),
    position bigint  NOT NULL,
    CONSTRAINT credit_watched_pkey PRIMARY KEY (one)
);

COMMENT ON TABLE  lunas.credit_watched IS 'Up to where in the log accounts were looked at whose money went back.';
COMMENT ON COLUMN lunas.credit_watched.one IS 'There is one row.';
COMMENT ON COLUMN lunas.credit_watched.position IS 'Position; what is behind it is still to be looked at.';

INSERT INTO lunas.credit_watched (position) SELECT coalesce(max(position), 0) FROM lunas.events;

GRANT SELECT, INSERT, UPDATE, DELETE ON lunas.credit_accounts, lunas.credit_acts TO lunas_api, lunas_operator;
GRANT SELECT, UPDATE ON lunas.credit_watched TO lunas_api;
GRANT SELECT ON lunas.credit_watched TO lunas_operator;

-- Beside the policies of 0103: what one of them allows is allowed.
CREATE POLICY api_spends ON lunas.events FOR INSERT TO lunas_api WITH CHECK (type = ANY (ARRAY[
    'credit.spent', 'credit.reserved', 'credit.captured', 'credit.released', 'credit.reservation_expired', 'usage.recorded',
    'balance.low', 'credit.frozen'
]));
CREATE POLICY operator_judges_credit ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type = ANY (ARRAY['credit.frozen', 'credit.unfrozen', 'credit.forgiven']));

-- migrate:down

DROP POLICY operator_judges_credit ON lunas.events;
DROP POLICY api_spends ON lunas.events;
DROP TABLE lunas.credit_watched;
DROP TABLE lunas.credit_acts;
DROP TABLE lunas.credit_accounts;
