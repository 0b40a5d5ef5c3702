-- create: Table of one generation.
CREATE TABLE enrollments_vN (
    customer_id    text   NOT NULL,
    course         text   NOT NULL,
    status         text   NOT NULL,
    order_id       text   NOT NULL,
    provider       text   NOT NULL,
    payment_id     text   NOT NULL,
    granted_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text,
    position       bigint NOT NULL,
    CONSTRAINT enrollments_vN_pkey PRIMARY KEY (customer_id, course)
) WITH (fillfactor = 85);
GRANT SELECT, INSERT, UPDATE, DELETE ON enrollments_vN TO lunas_projector;
GRANT SELECT ON enrollments_vN TO lunas_operator;

-- drop: The table of one generation.
DROP TABLE IF EXISTS enrollments_vN;

-- index: Secondary indexes, made after the first build.
CREATE INDEX enrollments_vN_course_idx ON enrollments_vN (course, customer_id);

-- load: Rows that a batch touches.
SELECT customer_id, course, status, order_id, provider, payment_id, granted_at, revoked_at, revoked_reason, position
FROM enrollments_vN JOIN unnest($1::text[], $2::text[]) AS touched (customer_id, course) USING (customer_id, course);

-- upsert: Write whole rows.
INSERT INTO enrollments_vN
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
    $8::timestamptz[], $9::text[], $10::bigint[])
ON CONFLICT (customer_id, course) DO UPDATE SET
    status = excluded.status,
    order_id = excluded.order_id,
    provider = excluded.provider,
    payment_id = excluded.payment_id,
    granted_at = excluded.granted_at,
    revoked_at = excluded.revoked_at,
    revoked_reason = excluded.revoked_reason,
    position = excluded.position;

-- compare: Rows that differ from the scratch rebuild.
SELECT customer_id || ' ' || course AS key, live::text AS live, rebuilt::text AS rebuilt
FROM enrollments_vN AS live FULL JOIN enrollments_v0 AS rebuilt USING (customer_id, course)
WHERE live::text IS DISTINCT FROM rebuilt::text ORDER BY 1 LIMIT $1;

-- count: Rows there are.
SELECT count(*) FROM enrollments_vN;

-- view: What readers see.
CREATE OR REPLACE VIEW enrollments AS
SELECT
    e.customer_id,
    e.course,
    e.status,
    e.order_id,
    e.provider,
    e.payment_id,
    e.granted_at,
    e.revoked_at,
    e.revoked_reason,
    e.position,
    EXISTS (
        SELECT FROM projection_parked p
        WHERE p.name = 'enrollments' AND p.version = N AND p.stream = 'customer-' || e.customer_id
    ) AS stale,
    e.payment_id AS provider_payment_id
FROM enrollments_vN e
WHERE e.status <> 'withdrawn';
COMMENT ON VIEW enrollments IS 'Courses opened for customers, and closed again.';
COMMENT ON COLUMN enrollments.customer_id IS 'Who may attend.';
COMMENT ON COLUMN enrollments.course IS 'Catalogue product.';
COMMENT ON COLUMN enrollments.status IS 'active or revoked.';
COMMENT ON COLUMN enrollments.order_id IS 'Order that opened the course.';
COMMENT ON COLUMN enrollments.provider IS 'Provider of the payment behind it.';
COMMENT ON COLUMN enrollments.payment_id IS 'The same as provider_payment_id, under its earlier name.';
COMMENT ON COLUMN enrollments.granted_at IS 'When it was opened.';
COMMENT ON COLUMN enrollments.revoked_at IS 'When it was closed, if it was.';
COMMENT ON COLUMN enrollments.revoked_reason IS 'Why it was closed.';
COMMENT ON COLUMN enrollments.position IS 'Log position of the newest event that changed the row.';
COMMENT ON COLUMN enrollments.stale IS 'True while events of this customer wait because one of them could not be folded.';
COMMENT ON COLUMN enrollments.provider_payment_id IS 'The provider''s id of the payment behind it.';
GRANT SELECT ON enrollments TO lunas_reader, lunas_api, lunas_operator, lunas_projector;
