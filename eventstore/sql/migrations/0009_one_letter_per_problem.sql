-- migrate:up
-- What is wrong names a letter, not the bytes alone: one webhook can raise several alarms, and each must be seen.
-- Alarms of fulfilment name in `detail` what they are about; elsewhere it is a hint that may change while the problem stays.
CREATE UNIQUE INDEX dead_letters_unresolved_problem ON lunas.dead_letters
    (provider, body_sha256, stage, reason, (CASE WHEN stage = 'fulfil' THEN left(detail, 200) ELSE '' END))
    WHERE status IN ('open', 'replaying');
DROP INDEX lunas.dead_letters_unresolved_key;

-- migrate:down
CREATE UNIQUE INDEX dead_letters_unresolved_key ON lunas.dead_letters (provider, body_sha256)
    WHERE status IN ('open', 'replaying');
DROP INDEX lunas.dead_letters_unresolved_problem;
