-- migrate:up

-- Who a parked message is about, so that it can be said how many customers a problem touches. A digest: it names nobody.
ALTER TABLE lunas.dead_letters ADD COLUMN whose text;
COMMENT ON COLUMN lunas.dead_letters.whose IS 'Digest of whoever paid, as the bytes name them; null when they name nobody. For counting only.';

-- What people did about problems. Problems themselves are seen in what is parked, held or silent.
CREATE TABLE lunas.problems (
    fingerprint text        NOT NULL,
    status      text        NOT NULL CHECK (status IN ('open', 'acknowledged', 'fixed', 'ignored')),
    owner       text,
    changed_by  text        NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT problems_pkey PRIMARY KEY (fingerprint)
);
COMMENT ON TABLE  lunas.problems IS 'The state that people gave to problems; what has no row is open.';
COMMENT ON COLUMN lunas.problems.fingerprint IS 'Digest of what is wrong where: kind, stage, error, place, provider, event. The same in every release.';
COMMENT ON COLUMN lunas.problems.status IS 'open, acknowledged, fixed (open again when it comes back) or ignored.';
COMMENT ON COLUMN lunas.problems.owner IS 'Who takes care of it.';
COMMENT ON COLUMN lunas.problems.changed_by IS 'Who said so last.';
COMMENT ON COLUMN lunas.problems.changed_at IS 'When.';

CREATE TABLE lunas.problem_notes (
    note_id     uuid        NOT NULL,
    fingerprint text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    author      text        NOT NULL,
    note        text        NOT NULL,
    CONSTRAINT problem_notes_pkey PRIMARY KEY (note_id)
);
CREATE INDEX problem_notes_fingerprint_idx ON lunas.problem_notes (fingerprint, note_id);
COMMENT ON TABLE  lunas.problem_notes IS 'What people noted about problems. Rows are never changed.';
COMMENT ON COLUMN lunas.problem_notes.note_id IS 'UUID version 7.';
COMMENT ON COLUMN lunas.problem_notes.fingerprint IS 'The problem.';
COMMENT ON COLUMN lunas.problem_notes.at IS 'When.';
COMMENT ON COLUMN lunas.problem_notes.author IS 'Who.';
COMMENT ON COLUMN lunas.problem_notes.note IS 'In their own words.';

GRANT SELECT, INSERT, UPDATE ON lunas.problems TO lunas_operator;
GRANT SELECT, INSERT ON lunas.problem_notes TO lunas_operator;

-- migrate:down

DROP TABLE lunas.problem_notes;
DROP TABLE lunas.problems;
ALTER TABLE lunas.dead_letters DROP COLUMN whose;
