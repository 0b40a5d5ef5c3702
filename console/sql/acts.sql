-- record: one audit record
INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- newest: what was done last of these to this
SELECT act_id, at, actor, verb FROM operator_acts WHERE target = $1 AND verb = ANY($2::text[]) ORDER BY act_id DESC LIMIT 1;

-- list: what was done since a moment, newest first; a null filter does not filter
SELECT act_id, at, actor, verb, target, reason, undo FROM operator_acts
WHERE act_id >= first_id($4::timestamptz)
  AND ($1::text IS NULL OR actor = $1)
  AND ($2::text IS NULL OR starts_with(verb, $2))
  AND ($3::text IS NULL OR target = $3)
ORDER BY act_id DESC LIMIT $5;

-- one: everything about one act
SELECT act_id, at, actor, verb, target, reason, before, after, undo FROM operator_acts WHERE act_id = $1;

-- first: what was done first of these to this
SELECT act_id, at, actor, verb, target, reason, before, after, undo FROM operator_acts
WHERE target = $1 AND verb = ANY($2::text[]) ORDER BY act_id LIMIT 1;
