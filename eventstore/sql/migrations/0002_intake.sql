-- migrate:up

CREATE TABLE lunas.inbox (
    provider       text        NOT NULL,
    dedupe_key     text        NOT NULL,
    content_digest bytea       NOT NULL,
    delivery_id    uuid        NOT NULL,
    effects        smallint    NOT NULL DEFAULT 0 CHECK (effects >= 0),
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_pkey PRIMARY KEY (provider, dedupe_key)
);

COMMENT ON TABLE  lunas.inbox IS 'What has been taken in; the only authority on duplicates. Kept for ever.';
COMMENT ON COLUMN lunas.inbox.provider IS 'Who said it.';
COMMENT ON COLUMN lunas.inbox.dedupe_key IS 'The same whenever the provider sends the same thing again; unique per provider and account.';
COMMENT ON COLUMN lunas.inbox.content_digest IS 'SHA-256 of what the delivery states in substance; the same key with another digest is a conflict.';
COMMENT ON COLUMN lunas.inbox.delivery_id IS 'First delivery with this key.';
COMMENT ON COLUMN lunas.inbox.effects IS 'Number of facts derived from it; 0 may grow when a later replay understands more.';
COMMENT ON COLUMN lunas.inbox.recorded_at IS 'When the first delivery was committed.';

CREATE TABLE lunas.deliveries (
    delivery_id   uuid        NOT NULL,
    provider      text        NOT NULL,
    received_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    processing_ms integer     NOT NULL,
    path          text        NOT NULL,
    headers       json        NOT NULL,
    body          bytea       NOT NULL,
    body_sha256   bytea       NOT NULL,
    scheme        text        NOT NULL,
    secret_id     text        NOT NULL,
    event_name    text,
    dedupe_key    text,
    status        text        NOT NULL
        CHECK (status IN ('processed', 'no_effect', 'test', 'duplicate', 'conflict', 'parked', 'quarantined')),
    reason        text,
    duplicate_of  uuid,
    replay_of     uuid,
    position      bigint,
    CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id)
);

-- Bodies are signed JSON of about 1.5 KB; compressing them costs more time than the space is worth.
ALTER TABLE lunas.deliveries ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX deliveries_received_at_idx ON lunas.deliveries USING brin (received_at);
CREATE INDEX deliveries_dedupe_key_idx ON lunas.deliveries (provider, dedupe_key);
CREATE INDEX deliveries_troubled_idx ON lunas.deliveries (status, delivery_id)
    WHERE status IN ('conflict', 'parked', 'quarantined');

COMMENT ON TABLE  lunas.deliveries IS 'Every verified webhook, byte for byte, with how it was verified and what became of it. Rows are never changed.';
COMMENT ON COLUMN lunas.deliveries.delivery_id IS 'UUID version 7, drawn by ingress for each HTTP request, or by a replay.';
COMMENT ON COLUMN lunas.deliveries.provider IS 'Whose webhook it is.';
COMMENT ON COLUMN lunas.deliveries.received_at IS 'When ingress had read the request.';
COMMENT ON COLUMN lunas.deliveries.recorded_at IS 'When this row was written.';
COMMENT ON COLUMN lunas.deliveries.processing_ms IS 'Milliseconds from received_at to recorded_at.';
COMMENT ON COLUMN lunas.deliveries.path IS 'Path of the HTTP request.';
COMMENT ON COLUMN lunas.deliveries.headers IS 'Allow-listed headers of the HTTP request, never a secret.';
COMMENT ON COLUMN lunas.deliveries.body IS 'Body exactly as it was signed.';
COMMENT ON COLUMN lunas.deliveries.body_sha256 IS 'SHA-256 of body.';
COMMENT ON COLUMN lunas.deliveries.scheme IS 'How it was verified: hmac_sha256 or static_token.';
COMMENT ON COLUMN lunas.deliveries.secret_id IS 'First 12 hex digits of the SHA-256 of the secret that matched.';
COMMENT ON COLUMN lunas.deliveries.event_name IS 'Name of the event at the provider, when the body could be read.';
COMMENT ON COLUMN lunas.deliveries.dedupe_key IS 'Key in inbox, when the body could be understood.';
COMMENT ON COLUMN lunas.deliveries.status IS 'processed (facts followed), no_effect, test, duplicate, conflict, parked (see dead_letters) or quarantined (another account or environment).';
COMMENT ON COLUMN lunas.deliveries.reason IS 'Stable code that says why, where the status needs one.';
COMMENT ON COLUMN lunas.deliveries.duplicate_of IS 'First delivery with the same key, for duplicates and conflicts.';
COMMENT ON COLUMN lunas.deliveries.replay_of IS 'Delivery that an operator sent through again.';
COMMENT ON COLUMN lunas.deliveries.position IS 'Position of its webhook.received event.';

CREATE TRIGGER deliveries_are_immutable BEFORE UPDATE OR DELETE ON lunas.deliveries
    FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
CREATE TRIGGER deliveries_are_not_truncated BEFORE TRUNCATE ON lunas.deliveries
    FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change();

CREATE TABLE lunas.dead_letters (
    dead_letter_id uuid        NOT NULL,
    delivery_id    uuid,
    provider       text        NOT NULL,
    event_name     text,
    stage          text        NOT NULL CHECK (stage IN ('decode', 'translate', 'append', 'broker', 'fulfil')),
    reason         text        NOT NULL,
    detail         text        NOT NULL DEFAULT '',
    message        bytea       NOT NULL,
    attempts       integer     NOT NULL DEFAULT 0,
    deliveries     integer     NOT NULL DEFAULT 1,
    body_sha256    bytea       NOT NULL,
    first_seen     timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen      timestamptz NOT NULL DEFAULT clock_timestamp(),
    status         text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replaying', 'resolved', 'discarded')),
    resolved_by    text,
    resolved_at    timestamptz,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id)
) WITH (fillfactor = 85);

-- The same bytes that fail again are the same letter, until somebody has dealt with it.
CREATE UNIQUE INDEX dead_letters_unresolved_key ON lunas.dead_letters (provider, body_sha256)
    WHERE status IN ('open', 'replaying');
CREATE INDEX dead_letters_status_idx ON lunas.dead_letters (status, dead_letter_id);

COMMENT ON TABLE  lunas.dead_letters IS 'Authentic messages we could not process, waiting for a person. Never expire while open.';
COMMENT ON COLUMN lunas.dead_letters.dead_letter_id IS 'UUID version 7.';
COMMENT ON COLUMN lunas.dead_letters.delivery_id IS 'First delivery that failed, when its envelope could be read.';
COMMENT ON COLUMN lunas.dead_letters.provider IS 'Whose webhook it is; unknown when the message could not be read.';
COMMENT ON COLUMN lunas.dead_letters.event_name IS 'Name of the event at the provider, when the body could be read.';
COMMENT ON COLUMN lunas.dead_letters.stage IS 'Where it failed: decode, translate, append, broker (crashes and expired retries) or fulfil.';
COMMENT ON COLUMN lunas.dead_letters.reason IS 'Stable code to group by.';
COMMENT ON COLUMN lunas.dead_letters.detail IS 'More for a person, without personal data.';
COMMENT ON COLUMN lunas.dead_letters.message IS 'The packed envelope as it would be published again, or the AMQP body that could not be read.';
COMMENT ON COLUMN lunas.dead_letters.attempts IS 'Attempts made before it was parked.';
COMMENT ON COLUMN lunas.dead_letters.deliveries IS 'How often the same bytes arrived and failed.';
COMMENT ON COLUMN lunas.dead_letters.body_sha256 IS 'SHA-256 of the webhook''s body, or of the AMQP body that could not be read.';
COMMENT ON COLUMN lunas.dead_letters.first_seen IS 'When it first failed.';
COMMENT ON COLUMN lunas.dead_letters.last_seen IS 'When it last failed.';
COMMENT ON COLUMN lunas.dead_letters.status IS 'open, replaying (claimed by an operator), resolved or discarded.';
COMMENT ON COLUMN lunas.dead_letters.resolved_by IS 'Who claimed, resolved or discarded it.';
COMMENT ON COLUMN lunas.dead_letters.resolved_at IS 'When it was claimed, resolved or discarded.';

CREATE TABLE lunas.quarantine (
    quarantine_id uuid        NOT NULL,
    provider      text        NOT NULL,
    cause         text        NOT NULL,
    received_at   timestamptz NOT NULL,
    remote        text        NOT NULL,
    path          text        NOT NULL,
    headers       json        NOT NULL,
    body          bytea       NOT NULL,
    body_sha256   bytea       NOT NULL,
    CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id)
);

COMMENT ON TABLE  lunas.quarantine IS 'Requests we do not trust. Capped: the oldest give way.';
COMMENT ON COLUMN lunas.quarantine.quarantine_id IS 'UUID version 7; its order is the order of arrival.';
COMMENT ON COLUMN lunas.quarantine.provider IS 'Provider whose door it came to.';
COMMENT ON COLUMN lunas.quarantine.cause IS 'Stable code: token_wrong, signature_wrong, wrong_account, wrong_environment, …';
COMMENT ON COLUMN lunas.quarantine.received_at IS 'When ingress had read the request.';
COMMENT ON COLUMN lunas.quarantine.remote IS 'Address of the peer, empty when not known.';
COMMENT ON COLUMN lunas.quarantine.path IS 'Path of the request.';
COMMENT ON COLUMN lunas.quarantine.headers IS 'Allow-listed headers, never a credential.';
COMMENT ON COLUMN lunas.quarantine.body IS 'Body as received, so that it can be verified again.';
COMMENT ON COLUMN lunas.quarantine.body_sha256 IS 'SHA-256 of body.';

-- migrate:down

DROP TABLE lunas.quarantine;
DROP TABLE lunas.dead_letters;
DROP TABLE lunas.deliveries;
DROP TABLE lunas.inbox;
