-- migrate:up

CREATE TABLE lunas.operators (
    name          text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    role          text        NOT NULL CHECK (role IN ('viewer', 'operator', 'approver')),
    password_hash text,
    email         text,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by    text        NOT NULL,
    disabled_at   timestamptz,
    CONSTRAINT operators_pkey PRIMARY KEY (name),
    CONSTRAINT operators_email_key UNIQUE (email)
);

COMMENT ON TABLE  lunas.operators IS 'People who sign in to the web console, each with what they may do. The shared LUNAS_OPERATOR_KEY is no person and is not here.';
COMMENT ON COLUMN lunas.operators.name IS 'Whom audit records name.';
COMMENT ON COLUMN lunas.operators.role IS 'viewer: sees, personal data masked; operator: acts; approver: also approves what another operator asks for.';
COMMENT ON COLUMN lunas.operators.password_hash IS 'Argon2id with its parameters; null: signs in through the identity provider only.';
COMMENT ON COLUMN lunas.operators.email IS 'The address that the identity provider vouches for, in lower case; null: signs in with a password only.';
COMMENT ON COLUMN lunas.operators.created_at IS 'When.';
COMMENT ON COLUMN lunas.operators.created_by IS 'Who.';
COMMENT ON COLUMN lunas.operators.disabled_at IS 'Since when they cannot sign in, and their sessions are over.';

CREATE TABLE lunas.operator_sessions (
    token_sha256 bytea       NOT NULL,
    operator     text,
    actor        text        NOT NULL,
    role         text        NOT NULL CHECK (role IN ('viewer', 'operator', 'approver')),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT operator_sessions_pkey PRIMARY KEY (token_sha256),
    CONSTRAINT operator_sessions_operator_fkey FOREIGN KEY (operator) REFERENCES lunas.operators (name) ON DELETE CASCADE
);

CREATE INDEX operator_sessions_operator_idx ON lunas.operator_sessions (operator);
CREATE INDEX operator_sessions_expires_idx ON lunas.operator_sessions (expires_at);

COMMENT ON TABLE  lunas.operator_sessions IS 'Who is signed in to the web console. Signing out deletes the row; what is over is deleted when somebody signs in.';
COMMENT ON COLUMN lunas.operator_sessions.token_sha256 IS 'SHA-256 of the token in the cookie: 256 random bits need no slower hash.';
COMMENT ON COLUMN lunas.operator_sessions.operator IS 'The named operator; null: signed in with the shared key.';
COMMENT ON COLUMN lunas.operator_sessions.actor IS 'Whom audit records name.';
COMMENT ON COLUMN lunas.operator_sessions.role IS 'What the shared key may do; of a named operator the role is the one of today.';
COMMENT ON COLUMN lunas.operator_sessions.created_at IS 'When they signed in.';
COMMENT ON COLUMN lunas.operator_sessions.seen_at IS 'When they were here last, to the minute.';
COMMENT ON COLUMN lunas.operator_sessions.expires_at IS 'When it is over, whatever they do.';

GRANT SELECT, INSERT, UPDATE (role, password_hash, email, disabled_at) ON lunas.operators TO lunas_operator;
GRANT SELECT, INSERT, UPDATE (seen_at), DELETE ON lunas.operator_sessions TO lunas_operator;

-- migrate:down

DROP TABLE lunas.operator_sessions;
DROP TABLE lunas.operators;
