-- migrate:up

-- What an append does, for functions that decide under the log's lock and write in the same call: it is held for no round trip.
CREATE FUNCTION lunas.append_at_once(
    moved_streams text[], moved_categories text[], moved_counts int[],
    event_streams text[], event_behind int[], event_ids uuid[], event_schemas smallint[], event_types text[], event_data json[], event_metadata json[]
) RETURNS bigint LANGUAGE plpgsql SET search_path = lunas, pg_temp AS $$
DECLARE
    first_position bigint;
    last_position bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'appending needs READ COMMITTED, not %', current_setting('transaction_isolation');
    END IF;
    -- LOG_LOCK in eventstore/append.py; whoever calls holds it already, and this says so to whoever does not.
    PERFORM pg_advisory_xact_lock(7821440271);
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
    PERFORM pg_notify('lunas_facts', '');
    RETURN first_position;
END $$;

COMMENT ON FUNCTION lunas.append_at_once IS 'Appends under the log''s lock; the position of the first event. For functions that decide in the same call.';
REVOKE EXECUTE ON FUNCTION lunas.append_at_once FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.append_at_once TO lunas_api;

-- New requests for payment, in one call: recorded, claimed by their caller for the time of one turn at the provider, their keys remembered.
-- Null when a key was used or a slot is taken meanwhile, or somebody is about to: then nothing was done, and whoever wants it looks again.
CREATE FUNCTION lunas.requests_at_once(
    moved_streams text[], moved_categories text[], moved_counts int[],
    event_streams text[], event_behind int[], event_ids uuid[], event_schemas smallint[], event_types text[], event_data json[], event_metadata json[],
    given json, lease interval, keep interval, expire int
) RETURNS bigint LANGUAGE plpgsql SET search_path = lunas, pg_temp AS $$
DECLARE
    first_position bigint;
    keys text[];
    slots text[];
BEGIN
    SELECT coalesce(array_agg(r.key) FILTER (WHERE r.key IS NOT NULL), '{}'), coalesce(array_agg(r.slot) FILTER (WHERE r.slot IS NOT NULL), '{}')
    INTO keys, slots FROM json_to_recordset(given) AS r (key text, slot text);
    -- The locks of idempotency.sql and payment_requests.sql. Never waited for: whoever holds several waits for none, so nobody waits in a ring.
    IF EXISTS (SELECT FROM unnest(keys) AS k WHERE NOT pg_try_advisory_xact_lock(hashtextextended(k, 7821440273)))
        OR EXISTS (SELECT FROM unnest(slots) AS s WHERE NOT pg_try_advisory_xact_lock(hashtextextended(s, 7821440274))) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7821440271);
    -- Each statement from here on sees what was committed before the lock was ours.
    IF EXISTS (SELECT FROM idempotency_keys k WHERE k.idempotency_key = ANY(keys)) OR EXISTS (
        SELECT FROM payment_requests r
        WHERE r.slot = ANY(slots) AND r.status <> 'refused' AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
            AND NOT EXISTS (
                SELECT FROM payment_aliases a JOIN payments p USING (record)
                WHERE a.provider = r.provider AND a.alias = r.request_id AND p.status NOT IN ('pending', 'authorized')
            )
    ) THEN
        RETURN NULL;
    END IF;
    first_position := append_at_once(moved_streams, moved_categories, moved_counts, event_streams, event_behind, event_ids, event_schemas,
        event_types, event_data, event_metadata);
    UPDATE payment_requests SET slot = NULL WHERE slot = ANY(slots);
    INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, slot, status, ask, instrument, items,
        expires_at, created_at, next_try_at, position, page_secret, page_digest, attempts, claimed_until)
    SELECT r.request_id, r.kind, r.customer_id, r.provider, r.amount_idr, r.method, r.channel, r.slot, r.status, r.ask, r.instrument, r.items,
        r.expires_at, r.created_at, clock_timestamp(), first_position + r.number, r.page_secret, decode(r.page_digest, 'hex'),
        (r.status = 'requested')::int, CASE WHEN r.status = 'requested' THEN clock_timestamp() + lease END
    FROM json_to_recordset(given) AS r (request_id text, kind text, customer_id text, provider text, amount_idr bigint, method text, channel text,
        slot text, status text, ask json, instrument json, items json, expires_at timestamptz, created_at timestamptz, page_secret text,
        page_digest text, number int);
    IF cardinality(keys) > 0 THEN
        INSERT INTO idempotency_keys (idempotency_key, request_sha256, status, answer)
        SELECT r.key, decode(r.key_digest, 'hex'), r.key_status, r.key_answer
        FROM json_to_recordset(given) AS r (key text, key_digest text, key_status smallint, key_answer json) WHERE r.key IS NOT NULL;
        DELETE FROM idempotency_keys WHERE idempotency_key IN (
            SELECT idempotency_key FROM idempotency_keys WHERE created_at < clock_timestamp() - keep ORDER BY created_at LIMIT expire
        );
    END IF;
    RETURN first_position;
END $$;

COMMENT ON FUNCTION lunas.requests_at_once IS 'Records and claims new requests for payment, unless their keys or slots are taken; null then.';
REVOKE EXECUTE ON FUNCTION lunas.requests_at_once FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.requests_at_once TO lunas_api;

-- What providers answered, in one call. Null when another process has settled one of these requests: then nothing was done.
CREATE FUNCTION lunas.requests_opened(
    moved_streams text[], moved_categories text[], moved_counts int[],
    event_streams text[], event_behind int[], event_ids uuid[], event_schemas smallint[], event_types text[], event_data json[], event_metadata json[],
    given json
) RETURNS bigint LANGUAGE plpgsql SET search_path = lunas, pg_temp AS $$
DECLARE
    first_position bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7821440271);
    IF EXISTS (
        SELECT FROM json_to_recordset(given) AS o (request_id text)
        WHERE NOT EXISTS (SELECT FROM payment_requests r WHERE r.request_id = o.request_id AND r.status = 'requested')
    ) THEN
        RETURN NULL;
    END IF;
    first_position := append_at_once(moved_streams, moved_categories, moved_counts, event_streams, event_behind, event_ids, event_schemas,
        event_types, event_data, event_metadata);
    UPDATE payment_requests AS r SET status = 'open', ask = NULL, payment_key = o.payment_key, provider_status = o.provider_status,
        instrument = o.instrument, expires_at = coalesce(r.expires_at, o.expires_at), charged_idr = nullif(o.amount, r.amount_idr), code = NULL,
        said = NULL, claimed_until = NULL, next_try_at = NULL, settled_at = clock_timestamp(), position = first_position + o.number
    FROM json_to_recordset(given) AS o (request_id text, payment_key text, provider_status text, instrument json, expires_at timestamptz,
        amount bigint, number int)
    WHERE r.request_id = o.request_id;
    RETURN first_position;
END $$;

COMMENT ON FUNCTION lunas.requests_opened IS 'Records that providers wait for the payers of these requests, unless one was settled already; null then.';
REVOKE EXECUTE ON FUNCTION lunas.requests_opened FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.requests_opened TO lunas_api;

-- migrate:down

DROP FUNCTION lunas.requests_opened;
DROP FUNCTION lunas.requests_at_once;
DROP FUNCTION lunas.append_at_once;
