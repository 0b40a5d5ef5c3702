-- migrate:up

-- `lunas doctor` says which migrations wait; it runs as the operator.
GRANT SELECT ON lunas.schema_migrations TO lunas_operator;

-- migrate:down

REVOKE SELECT ON lunas.schema_migrations FROM lunas_operator;
