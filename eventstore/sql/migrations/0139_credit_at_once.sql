-- migrate:up

-- What was decided on accounts, in one call: under the log's lock it makes sure that nothing has moved since they were looked at, appends,
-- and saves what follows. The lock is held for no round trip. Null when something moved: then nothing was done.
CREATE FUNCTION lunas.credit_at_once(
    watched text[], watched_versions int[], new_keys text[],
    moved_streams text[], moved_categories text[], moved_counts int[],
    event_streams text[], event_behind int[], event_ids uuid[], event_schemas smallint[], event_types text[], event_data json[], event_metadata json[],
    customers text[], formats int[], customer_versions int[], credit_versions int[], credits bigint[], reserved bigint[], spent bigint[],
    debts bigint[], due timestamptz[], states json[],
    act_customers text[], act_kinds text[], act_references text[], act_numbers int[],
    key_digests bytea[], key_statuses smallint[], key_answers json[], key_numbers int[], key_keep interval, key_expire int
) RETURNS bigint LANGUAGE plpgsql SET search_path = lunas, pg_temp AS $$
DECLARE
    first_position bigint;
    last_position bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'appending needs READ COMMITTED, not %', current_setting('transaction_isolation');
    END IF;
    -- LOG_LOCK in eventstore/append.py. Each statement below sees what was committed before this one returned.
    PERFORM pg_advisory_xact_lock(7821440271);
    IF EXISTS (
        SELECT FROM unnest(watched, watched_versions) AS w (stream, version) LEFT JOIN streams s ON s.stream = w.stream
        WHERE coalesce(s.version, 0) <> w.version
    ) OR EXISTS (SELECT FROM idempotency_keys k WHERE k.idempotency_key = ANY(new_keys)) THEN
        RETURN NULL;
    END IF;
    WITH moved AS (
        INSERT INTO streams AS head (stream, category, version)
        SELECT * FROM unnest(moved_streams, moved_categories, moved_counts)
        ON CONFLICT (stream) DO UPDATE SET version = head.version + excluded.version
        RETURNING head.stream, head.stream_id, head.version
    ), added AS (
        INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
        SELECT m.stream_id, e.id, m.version - e.behind, e.schema_version, e.stream, e.type, e.data, e.metadata
        FROM unnest(event_streams, event_behind, event_ids, event_schemas, event_types, event_data, event_metadata)
            WITH ORDINALITY AS e (stream, behind, id, schema_version, type, data, metadata, number)
        JOIN moved m ON m.stream = e.stream
        ORDER BY e.number
        RETURNING position
    )
    SELECT min(position), max(position) INTO first_position, last_position FROM added;
    IF last_position - first_position + 1 IS DISTINCT FROM cardinality(event_ids) THEN
        RAISE EXCEPTION 'somebody drew positions of the log outside an append';
    END IF;
    PERFORM pg_notify('lunas_events', '');
    INSERT INTO credit_accounts (customer_id, format, customer_version, credit_version, credit_tokens, reserved_tokens, spent_tokens,
        debt_tokens, due_at, state)
    SELECT * FROM unnest(customers, formats, customer_versions, credit_versions, credits, reserved, spent, debts, due, states)
    ON CONFLICT (customer_id) DO UPDATE SET format = excluded.format, customer_version = excluded.customer_version,
        credit_version = excluded.credit_version, credit_tokens = excluded.credit_tokens, reserved_tokens = excluded.reserved_tokens,
        spent_tokens = excluded.spent_tokens, debt_tokens = excluded.debt_tokens, due_at = excluded.due_at, state = excluded.state;
    INSERT INTO credit_acts (customer_id, kind, reference, position)
    SELECT a.customer_id, a.kind, a.reference, first_position + a.number
    FROM unnest(act_customers, act_kinds, act_references, act_numbers) AS a (customer_id, kind, reference, number);
    INSERT INTO idempotency_keys (idempotency_key, request_sha256, status, answer)
    SELECT k.key, k.digest, k.status,
        CASE WHEN k.number IS NULL THEN k.answer
            ELSE jsonb_set(k.answer::jsonb, '{position}', to_jsonb(first_position + k.number), false)::json END
    FROM unnest(new_keys, key_digests, key_statuses, key_answers, key_numbers) AS k (key, digest, status, answer, number);
    IF cardinality(new_keys) > 0 THEN
        DELETE FROM idempotency_keys WHERE idempotency_key IN (
            SELECT idempotency_key FROM idempotency_keys WHERE created_at < clock_timestamp() - key_keep ORDER BY created_at LIMIT key_expire
        );
    END IF;
    RETURN first_position;
END $$;

COMMENT ON FUNCTION lunas.credit_at_once IS 'Appends and saves what was decided on accounts, unless they have moved; null then. The number is LOG_LOCK in eventstore/append.py.';
REVOKE EXECUTE ON FUNCTION lunas.credit_at_once FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.credit_at_once TO lunas_api;

-- migrate:down

DROP FUNCTION lunas.credit_at_once;
