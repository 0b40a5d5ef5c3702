-- record: one audit record
INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- newest: what was done last of these to this
SELECT act_id, at, actor, verb FROM operator_acts WHERE target = $1 AND verb = ANY($2::text[]) ORDER BY act_id DESC LIMIT 1;
