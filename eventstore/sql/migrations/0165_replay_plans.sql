-- migrate:up

-- What was chosen for a replay, what a run of it would change, and how far it has come. Written by operators alone.
CREATE TABLE lunas.replay_plans (
    plan_id       uuid        NOT NULL,
    filter        text        NOT NULL,
    source        text        NOT NULL CHECK (source IN ('letters', 'deliveries')),
    status        text        NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'running', 'paused', 'cancelled', 'done')),
    items         integer     NOT NULL DEFAULT 0,
    sampled       integer     NOT NULL DEFAULT 0,
    position      bigint      NOT NULL DEFAULT 0,
    streams       text[]      NOT NULL DEFAULT '{}',
    versions      bigint[]    NOT NULL DEFAULT '{}',
    effect_digest bytea,
    preview       json,
    planned_by    text        NOT NULL,
    planned_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason        text,
    rate          double precision,
    applied_by    text,
    applied_at    timestamptz,
    ended_at      timestamptz,
    runner        uuid,
    runner_until  timestamptz,
    act_id        uuid,
    CONSTRAINT replay_plans_pkey PRIMARY KEY (plan_id)
);
CREATE INDEX replay_plans_underway_idx ON lunas.replay_plans (status, plan_id) WHERE status IN ('running', 'paused');

COMMENT ON TABLE  lunas.replay_plans IS 'Replays: what was chosen, what it would change, what became of it.';
COMMENT ON COLUMN lunas.replay_plans.plan_id IS 'UUID version 7.';
COMMENT ON COLUMN lunas.replay_plans.filter IS 'The filter as it was typed.';
COMMENT ON COLUMN lunas.replay_plans.source IS 'What was looked through: letters (open dead letters) or deliveries.';
COMMENT ON COLUMN lunas.replay_plans.status IS 'planned, running, paused, cancelled or done.';
COMMENT ON COLUMN lunas.replay_plans.items IS 'How many were chosen; they are fixed with the plan.';
COMMENT ON COLUMN lunas.replay_plans.sampled IS 'How many of them were run for the preview.';
COMMENT ON COLUMN lunas.replay_plans.position IS 'Head of the log that the preview saw.';
COMMENT ON COLUMN lunas.replay_plans.streams IS 'Streams that the preview would write to.';
COMMENT ON COLUMN lunas.replay_plans.versions IS 'Their versions as the preview saw them; another one means that the world has moved.';
COMMENT ON COLUMN lunas.replay_plans.effect_digest IS 'SHA-256 of what the preview says would change.';
COMMENT ON COLUMN lunas.replay_plans.preview IS 'What would change, per customer, as JSON.';
COMMENT ON COLUMN lunas.replay_plans.planned_by IS 'Who planned it.';
COMMENT ON COLUMN lunas.replay_plans.planned_at IS 'When.';
COMMENT ON COLUMN lunas.replay_plans.reason IS 'Why it was applied.';
COMMENT ON COLUMN lunas.replay_plans.rate IS 'Deliveries per second at most.';
COMMENT ON COLUMN lunas.replay_plans.applied_by IS 'Who applied it.';
COMMENT ON COLUMN lunas.replay_plans.applied_at IS 'When it began.';
COMMENT ON COLUMN lunas.replay_plans.ended_at IS 'When it was done or cancelled.';
COMMENT ON COLUMN lunas.replay_plans.runner IS 'Who sends now; one at a time.';
COMMENT ON COLUMN lunas.replay_plans.runner_until IS 'Until when that is believed without another sign of life.';
COMMENT ON COLUMN lunas.replay_plans.act_id IS 'Audit record of its application.';

CREATE TABLE lunas.replay_items (
    plan_id     uuid    NOT NULL,
    number      integer NOT NULL,
    source_id   uuid    NOT NULL,
    provider    text    NOT NULL,
    event_name  text,
    cause       text,
    amount      bigint,
    sampled     boolean NOT NULL DEFAULT false,
    delivery_id uuid,
    state       text    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'done')),
    outcome     text,
    reason      text,
    CONSTRAINT replay_items_pkey PRIMARY KEY (plan_id, number)
);
CREATE INDEX replay_items_open_idx ON lunas.replay_items (plan_id, state, number) WHERE state <> 'done';

COMMENT ON TABLE  lunas.replay_items IS 'What a replay consists of, in the order of sending.';
COMMENT ON COLUMN lunas.replay_items.plan_id IS 'The plan.';
COMMENT ON COLUMN lunas.replay_items.number IS 'From 1, the oldest first.';
COMMENT ON COLUMN lunas.replay_items.source_id IS 'The dead letter or delivery.';
COMMENT ON COLUMN lunas.replay_items.provider IS 'Whose webhook it is.';
COMMENT ON COLUMN lunas.replay_items.event_name IS 'Name of the event at the provider.';
COMMENT ON COLUMN lunas.replay_items.cause IS 'Why it was parked, or what the delivery had led to, when it was planned.';
COMMENT ON COLUMN lunas.replay_items.amount IS 'Rupiah it speaks of, as far as that was readable.';
COMMENT ON COLUMN lunas.replay_items.sampled IS 'Whether the preview ran it.';
COMMENT ON COLUMN lunas.replay_items.delivery_id IS 'The delivery that replays it, drawn before it is sent: sending it twice is one delivery.';
COMMENT ON COLUMN lunas.replay_items.state IS 'waiting, sent (its effect is not seen yet) or done.';
COMMENT ON COLUMN lunas.replay_items.outcome IS 'Status of the new delivery, or taken (somebody was faster) or unreadable.';
COMMENT ON COLUMN lunas.replay_items.reason IS 'More about the outcome, as a code.';

-- How much money a parked message speaks of: read once, when it is parked.
ALTER TABLE lunas.dead_letters ADD COLUMN amount bigint;
COMMENT ON COLUMN lunas.dead_letters.amount IS 'Rupiah its bytes speak of, for lists and filters; null when nothing readable names any. Never booked.';

GRANT SELECT, INSERT, UPDATE ON lunas.replay_plans, lunas.replay_items TO lunas_operator;
-- A preview looks where the next event would stand. Only looking: drawing a position stays the append's.
GRANT SELECT ON SEQUENCE lunas.events_position_seq TO lunas_operator;

-- migrate:down

REVOKE SELECT ON SEQUENCE lunas.events_position_seq FROM lunas_operator;

ALTER TABLE lunas.dead_letters DROP COLUMN amount;
DROP TABLE lunas.replay_items;
DROP TABLE lunas.replay_plans;
