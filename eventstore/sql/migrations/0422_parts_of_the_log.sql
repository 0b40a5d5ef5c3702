-- migrate:up

-- A part of the log by itself: what is not granted cannot be addressed, and whoever may address it can change nothing. Rights, policies and positions are
-- those of the whole, which is how everybody reads and appends.
CREATE FUNCTION lunas.guard_log_part(part text) RETURNS void LANGUAGE plpgsql SET search_path = lunas, pg_temp AS $$
DECLARE
    other text;
BEGIN
    EXECUTE format('ALTER TABLE lunas.%I ENABLE ROW LEVEL SECURITY', part);
    FOR other IN SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
        WHERE c.oid = format('lunas.%I', part)::regclass AND acl.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON lunas.%I FROM %s', part, other);
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = format('lunas.%I', part)::regclass AND tgname = 'events_are_not_truncated') THEN
        EXECUTE format('CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON lunas.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change()', part);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = format('lunas.%I', part)::regclass AND tgname = 'events_in_commit_order') THEN
        EXECUTE format('CREATE TRIGGER events_in_commit_order BEFORE INSERT ON lunas.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION lunas.take_log_lock()', part);
    END IF;
END;
$$;

REVOKE ALL ON FUNCTION lunas.guard_log_part(text) FROM PUBLIC;
COMMENT ON FUNCTION lunas.guard_log_part(text) IS 'What a part of the log needs of its own: statement triggers of the whole do not guard it.';

-- Attached, not made as a part: who reads and appends goes on, where CREATE TABLE … PARTITION OF would have everybody wait.
CREATE FUNCTION lunas.add_log_part(first bigint, behind bigint) RETURNS text LANGUAGE plpgsql
SET search_path = lunas, pg_temp AS $$
DECLARE
    part text := format('events_p%s', first);
BEGIN
    EXECUTE format('CREATE TABLE lunas.%I (LIKE lunas.events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION '
        'INCLUDING COMMENTS, CONSTRAINT %I UNIQUE (stream_id, version))', part, part || '_stream_version_key');
    EXECUTE format('COMMENT ON TABLE lunas.%I IS %L', part, format('The log from position %s to before %s.', first, behind));
    PERFORM guard_log_part(part);
    EXECUTE format('ALTER TABLE lunas.events ATTACH PARTITION lunas.%I FOR VALUES FROM (%s) TO (%s)', part, first, behind);
    RETURN part;
END;
$$;

REVOKE ALL ON FUNCTION lunas.add_log_part(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION lunas.add_log_part(bigint, bigint) IS 'Makes an empty part of the log, with all guards, and attaches it.';

-- Everything about the parts that are there, as PostgreSQL keeps it. `first` is null for one that reaches down to the beginning.
CREATE FUNCTION lunas.log_parts() RETURNS TABLE (part text, first bigint, behind bigint) LANGUAGE sql STABLE SET search_path = lunas, pg_temp AS $$
    SELECT c.relname::text, substring(said.bound FROM $r$FROM \('(-?\d+)'\)$r$)::bigint, substring(said.bound FROM $r$TO \('(-?\d+)'\)$r$)::bigint
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) AS said
    WHERE i.inhparent = 'lunas.events'::regclass AND NOT i.inhdetachpending
    ORDER BY 3
$$;

COMMENT ON FUNCTION lunas.log_parts() IS 'Parts of the log in order: from which position, and before which.';

-- By whom the tables belong to, so that no process has more rights than appending: it can have the next empty part made, and nothing else. One at a time, never
-- more than two ahead. What it returns is null when there is nothing to do, or another is at it.
CREATE FUNCTION lunas.make_log_part(step bigint) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lunas, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    newest bigint;
    ahead  bigint;
    drawn  bigint := (SELECT last_value FROM lunas.events_position_seq);
BEGIN
    IF step IS NULL OR step < 10 THEN
        RAISE EXCEPTION 'a part of the log has at least 10 positions, not %', step USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT pg_try_advisory_xact_lock(7821440275) THEN
        RETURN NULL;
    END IF;
    SELECT max(p.behind), count(*) FILTER (WHERE p.first > drawn) INTO newest, ahead FROM log_parts() p;
    IF ahead >= 2 THEN
        RETURN NULL;
    END IF;
    -- One that came too late begins behind what was drawn: positions that were refused are a gap, which means nothing.
    RETURN add_log_part(newest, newest + step);
END;
$$;

REVOKE ALL ON FUNCTION lunas.make_log_part(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lunas.make_log_part(bigint) TO lunas_processor;
COMMENT ON FUNCTION lunas.make_log_part(bigint) IS 'Makes the next part of the log where fewer than two are empty; its name, or null.';

-- What is below happens at once, while nobody reads or appends: a new table of that name, and what was there becomes its first part. Nothing of it is read.
DO $$
DECLARE
    told     bigint := (SELECT substring(pg_get_constraintdef(oid) FROM '\d+')::bigint FROM pg_constraint
                        WHERE conname = 'events_first_part' AND conrelid = 'lunas.events'::regclass);
    drawn    record;
    one      record;
    views    text[];
    granted  text[];
    policies text[];
    columns  text[];
BEGIN
    PERFORM set_config('search_path', 'pg_catalog', true);  -- so that every name is written in full
    -- Views first: who reads one takes its lock before that of the log.
    FOR one IN SELECT DISTINCT c.oid, c.oid::regclass::text AS name, c.reloptions FROM pg_depend d
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = 'lunas.events'::regclass ORDER BY 1
    LOOP
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', one.name);
        views := views || format('CREATE OR REPLACE VIEW %s %s AS %s', one.name,
            'WITH (' || array_to_string(one.reloptions, ', ') || ')', pg_get_viewdef(one.oid));
    END LOOP;
    LOCK TABLE lunas.events IN ACCESS EXCLUSIVE MODE;
    -- As they are, not as some file once made them: rights, policies and what is said of each column.
    SELECT array_agg(format('GRANT %s ON %s lunas.%I TO %s', acl.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname,
        CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END))
    INTO granted FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
    WHERE c.oid IN ('lunas.events'::regclass, 'lunas.events_position_seq'::regclass) AND acl.grantee <> c.relowner;
    SELECT array_agg(format('CREATE POLICY %I ON lunas.events AS %s FOR %s TO %s %s %s', p.policyname, p.permissive, p.cmd,
        (SELECT string_agg(CASE WHEN name = 'public' THEN 'PUBLIC' ELSE quote_ident(name) END, ', ') FROM unnest(p.roles) AS name),
        'USING (' || p.qual || ')', 'WITH CHECK (' || p.with_check || ')'))
    INTO policies FROM pg_policies p WHERE p.schemaname = 'lunas' AND p.tablename = 'events';
    SELECT array_agg(format('COMMENT ON COLUMN lunas.events.%I IS %L', a.attname, col_description(a.attrelid, a.attnum)))
    INTO columns FROM pg_attribute a WHERE a.attrelid = 'lunas.events'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT last_value, is_called INTO drawn FROM lunas.events_position_seq;

    ALTER TABLE lunas.events ALTER COLUMN position DROP IDENTITY;
    DROP TRIGGER events_are_immutable ON lunas.events;  -- attaching makes it anew, as the whole's
    ALTER TABLE lunas.events RENAME TO events_p0;
    ALTER INDEX lunas.events_pkey RENAME TO events_p0_pkey;
    ALTER INDEX lunas.events_stream_version_key RENAME TO events_p0_stream_version_key;
    ALTER INDEX lunas.events_type_position_idx RENAME TO events_p0_type_position_idx;
    ALTER INDEX lunas.events_phone_idx RENAME TO events_p0_phone_idx;

    CREATE TABLE lunas.events (LIKE lunas.events_p0 INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING COMPRESSION,
        CONSTRAINT events_version_check CHECK (version > 0), CONSTRAINT events_schema_version_check CHECK (schema_version > 0),
        CONSTRAINT events_pkey PRIMARY KEY (position)) PARTITION BY RANGE (position);
    ALTER TABLE lunas.events ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME lunas.events_position_seq);
    PERFORM setval('lunas.events_position_seq', drawn.last_value, drawn.is_called);
    CREATE INDEX events_type_position_idx ON lunas.events (type, position);
    CREATE INDEX events_phone_idx ON lunas.events ((regexp_replace(regexp_replace(data ->> 'phone', '[^0-9]', '', 'g'), '^(62|0)', '')))
        WHERE type = 'customer.registered';
    CREATE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE ON lunas.events
        FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
    CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON lunas.events
        FOR EACH STATEMENT EXECUTE FUNCTION lunas.refuse_change();
    CREATE TRIGGER events_in_commit_order BEFORE INSERT ON lunas.events
        FOR EACH STATEMENT EXECUTE FUNCTION lunas.take_log_lock();
    EXECUTE format('ALTER TABLE lunas.events ATTACH PARTITION lunas.events_p0 FOR VALUES FROM (MINVALUE) TO (%s)', told);
    ALTER TABLE lunas.events_p0 DROP CONSTRAINT events_first_part;

    COMMENT ON TABLE lunas.events IS 'The log: facts and decisions, in commit order, in parts by position. Rows are never changed or deleted.';
    EXECUTE format('COMMENT ON TABLE lunas.events_p0 IS %L', format('The log up to before position %s.', told));
    FOR one IN SELECT unnest(columns || granted || policies || views) AS statement LOOP
        EXECUTE one.statement;
    END LOOP;
    ALTER TABLE lunas.events ENABLE ROW LEVEL SECURITY;
    FOR one IN SELECT policyname FROM pg_policies WHERE schemaname = 'lunas' AND tablename = 'events_p0' LOOP
        EXECUTE format('DROP POLICY %I ON lunas.events_p0', one.policyname);
    END LOOP;
    PERFORM lunas.guard_log_part('events_p0');
    PERFORM lunas.make_log_part(10000000);
    PERFORM lunas.make_log_part(10000000);
    PERFORM set_config('search_path', 'lunas,pg_catalog', true);
END;
$$;

-- migrate:down

-- For a log that has not grown past its first part.
DO $$
DECLARE
    drawn record;
    one   record;
    views text[];
    again text[];
BEGIN
    PERFORM set_config('search_path', 'pg_catalog', true);
    IF EXISTS (SELECT FROM lunas.events WHERE tableoid <> 'lunas.events_p0'::regclass) THEN
        RAISE EXCEPTION 'the log has more than one part';
    END IF;
    SELECT array_agg(DISTINCT format('CREATE OR REPLACE VIEW %s AS %s', c.oid::regclass, pg_get_viewdef(c.oid))) INTO views
    FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = 'lunas.events'::regclass;
    SELECT array_agg(format('GRANT %s ON %s lunas.%I TO %I', acl.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname,
        pg_get_userbyid(acl.grantee)))
    INTO again FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
    WHERE c.oid IN ('lunas.events'::regclass, 'lunas.events_position_seq'::regclass) AND acl.grantee <> c.relowner;
    SELECT again || array_agg(format('CREATE POLICY %I ON lunas.events AS %s FOR %s TO %s %s %s', p.policyname, p.permissive, p.cmd,
        (SELECT string_agg(quote_ident(name), ', ') FROM unnest(p.roles) AS name), 'USING (' || p.qual || ')', 'WITH CHECK (' || p.with_check || ')'))
    INTO again FROM pg_policies p WHERE p.schemaname = 'lunas' AND p.tablename = 'events';
    SELECT last_value, is_called INTO drawn FROM lunas.events_position_seq;
    ALTER TABLE lunas.events DETACH PARTITION lunas.events_p0;
    ALTER TABLE lunas.events RENAME TO events_in_parts;
    ALTER TABLE lunas.events_p0 RENAME TO events;
    FOR one IN SELECT unnest(views) AS statement LOOP
        EXECUTE one.statement;
    END LOOP;
    DROP TABLE lunas.events_in_parts;
    ALTER INDEX lunas.events_p0_pkey RENAME TO events_pkey;
    ALTER INDEX lunas.events_p0_stream_version_key RENAME TO events_stream_version_key;
    ALTER INDEX lunas.events_p0_type_position_idx RENAME TO events_type_position_idx;
    ALTER INDEX lunas.events_p0_phone_idx RENAME TO events_phone_idx;
    ALTER TABLE lunas.events ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME lunas.events_position_seq);
    PERFORM setval('lunas.events_position_seq', drawn.last_value, drawn.is_called);
    EXECUTE format('ALTER TABLE lunas.events ADD CONSTRAINT events_first_part CHECK (position < %s)', drawn.last_value / 10000000 * 10000000 + 20000000);
    CREATE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE ON lunas.events
        FOR EACH ROW EXECUTE FUNCTION lunas.refuse_change();
    FOR one IN SELECT unnest(again) AS statement LOOP
        EXECUTE one.statement;
    END LOOP;
END;
$$;

RESET search_path;
DROP FUNCTION lunas.make_log_part(bigint);
DROP FUNCTION lunas.log_parts();
DROP FUNCTION lunas.add_log_part(bigint, bigint);
DROP FUNCTION lunas.guard_log_part(text);
