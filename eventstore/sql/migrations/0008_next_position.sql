-- migrate:up

-- Whoever holds the log's lock can tell which position comes next, and decide on facts before they are appended. Reading draws nothing.
GRANT SELECT ON SEQUENCE lunas.events_position_seq TO lunas_processor;

-- migrate:down

REVOKE SELECT ON SEQUENCE lunas.events_position_seq FROM lunas_processor;
