-- migrate:up

-- An operator's login becomes the operator and nobody else, and `lunas reconcile run` writes its steps down itself.
GRANT INSERT, UPDATE ON lunas.reconcile_runs, lunas.reconcile_findings TO lunas_operator;
GRANT SELECT, INSERT, DELETE ON lunas.reconcile_seen TO lunas_operator;

-- migrate:down

REVOKE SELECT, INSERT, DELETE ON lunas.reconcile_seen FROM lunas_operator;
REVOKE INSERT, UPDATE ON lunas.reconcile_runs, lunas.reconcile_findings FROM lunas_operator;
