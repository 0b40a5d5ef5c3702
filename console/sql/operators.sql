-- add: A person who may sign in; no row when the name is taken.
INSERT INTO operators (name, role, password_hash, email, created_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING name;

-- list: Everybody, by name.
SELECT name, role, password_hash IS NOT NULL AS has_password, email, created_at, created_by, disabled_at,
    (SELECT max(seen_at) FROM operator_sessions s WHERE s.operator = o.name) AS seen_at
FROM operators o ORDER BY name LIMIT $1;

-- one: A person, for their change or their sign-in.
SELECT name, role, password_hash, email, disabled_at FROM operators WHERE name = $1;

-- approvers: Whether anybody is named who may agree to what another person asked for.
SELECT EXISTS (SELECT FROM operators WHERE role = 'approver' AND disabled_at IS NULL);

-- by_email: A person whom the identity provider vouches for.
SELECT name, role, disabled_at FROM operators WHERE email = $1;

-- change: Role, password and address; null leaves it as it is.
UPDATE operators SET role = coalesce($2, role), password_hash = coalesce($3, password_hash), email = coalesce($4, email)
WHERE name = $1 RETURNING name, role;

-- disable: They cannot sign in any more; no row when they could not.
UPDATE operators SET disabled_at = clock_timestamp() WHERE name = $1 AND disabled_at IS NULL RETURNING name;

-- enable: They can again; no row when they could.
UPDATE operators SET disabled_at = NULL WHERE name = $1 AND disabled_at IS NOT NULL RETURNING name;

-- end_sessions_of: Whoever is signed in under this name is signed out.
DELETE FROM operator_sessions WHERE operator = $1;

-- begin_session: Somebody signed in.
INSERT INTO operator_sessions (token_sha256, operator, actor, role, expires_at)
VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(mins => $5));

-- session: Who is signed in with this token, and what they may do now.
SELECT s.actor, coalesce(o.role, s.role) AS role, s.operator, s.expires_at, s.seen_at < clock_timestamp() - interval '1 minute' AS touch
FROM operator_sessions s LEFT JOIN operators o ON o.name = s.operator
WHERE s.token_sha256 = $1 AND s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - make_interval(mins => $2)
  AND o.disabled_at IS NULL;

-- touch: They are here.
UPDATE operator_sessions SET seen_at = clock_timestamp() WHERE token_sha256 = $1;

-- end_session: They signed out.
DELETE FROM operator_sessions WHERE token_sha256 = $1;

-- forget_sessions: What is over, whoever it was.
DELETE FROM operator_sessions WHERE expires_at < clock_timestamp();
