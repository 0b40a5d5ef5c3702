-- migrate:up

-- Operators say what a provider should have said of a payment, and take that back.
CREATE POLICY operator_corrects_payments ON lunas.events FOR INSERT TO lunas_operator
    WITH CHECK (type IN ('payment.corrected', 'payment.correction_reverted'));

-- Corrections from their proposal on. The word itself is in the log once it counts.
CREATE TABLE lunas.corrections (
    change_id   uuid        NOT NULL,
    provider    text        NOT NULL,
    payment_id  text        NOT NULL,
    case_key    text        NOT NULL,
    patch       json        NOT NULL,
    before      json        NOT NULL,
    at_stake    bigint      NOT NULL,
    reason      text        NOT NULL,
    author      text        NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status      text        NOT NULL CHECK (status IN ('proposed', 'applied', 'reverted', 'declined')),
    changed_by  text,
    changed_at  timestamptz,
    CONSTRAINT corrections_pkey PRIMARY KEY (change_id)
);
CREATE INDEX corrections_case_idx ON lunas.corrections (case_key, change_id);
COMMENT ON TABLE  lunas.corrections IS 'What people corrected or propose to correct about payments; bytes and facts stay as they are.';
COMMENT ON COLUMN lunas.corrections.change_id IS 'UUID version 7.';
COMMENT ON COLUMN lunas.corrections.provider IS 'Whose payment it is.';
COMMENT ON COLUMN lunas.corrections.payment_id IS 'The payment as it was named.';
COMMENT ON COLUMN lunas.corrections.case_key IS 'Its case.';
COMMENT ON COLUMN lunas.corrections.patch IS 'What is read instead: amount, customer_id, product.';
COMMENT ON COLUMN lunas.corrections.before IS 'What was read before.';
COMMENT ON COLUMN lunas.corrections.at_stake IS 'Rupiah: the larger of the amounts before and after.';
COMMENT ON COLUMN lunas.corrections.reason IS 'Why.';
COMMENT ON COLUMN lunas.corrections.author IS 'Who.';
COMMENT ON COLUMN lunas.corrections.proposed_at IS 'When.';
COMMENT ON COLUMN lunas.corrections.status IS 'proposed (waits for another person), applied, reverted or declined.';
COMMENT ON COLUMN lunas.corrections.changed_by IS 'Who approved, reverted or declined it last.';
COMMENT ON COLUMN lunas.corrections.changed_at IS 'When.';

GRANT SELECT, INSERT, UPDATE (status, changed_by, changed_at) ON lunas.corrections TO lunas_operator;

-- migrate:down

DROP TABLE lunas.corrections;
DROP POLICY operator_corrects_payments ON lunas.events;
