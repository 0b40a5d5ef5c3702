-- record: one audit record
INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
