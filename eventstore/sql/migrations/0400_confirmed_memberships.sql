-- migrate:up

-- Memberships wait for their provider's word as money does (docs/adr/0066).
COMMENT ON TABLE  lunas.confirmations IS 'Payments and memberships that wait for their provider''s word: what it said when it was asked last. A row goes when nothing waits any more.';
COMMENT ON COLUMN lunas.confirmations.case_key IS 'The case of the payment or membership.';
COMMENT ON COLUMN lunas.confirmations.answer IS 'confirmed, another_amount, unpaid (a membership: not in use, or not so long), unknown (none there), no_detail (a membership: nobody can ask) or failed (no answer).';
COMMENT ON COLUMN lunas.confirmations.our_amount IS 'Rupiah that its webhooks claimed; null of a membership.';

-- migrate:down

COMMENT ON TABLE  lunas.confirmations IS 'Payments that wait for their provider''s word: what it said when it was asked last. A row goes when nothing waits any more.';
COMMENT ON COLUMN lunas.confirmations.case_key IS 'The case of the payment.';
COMMENT ON COLUMN lunas.confirmations.answer IS 'confirmed, another_amount, unpaid, unknown (no such payment there), no_detail or failed (no answer).';
COMMENT ON COLUMN lunas.confirmations.our_amount IS 'Rupiah that its webhooks claimed.';
