-- list: newest rejected requests first; a null filter does not filter
SELECT quarantine_id, provider, cause, received_at, remote, path, octet_length(body) AS bytes, body_sha256, admitted_at
FROM quarantine
WHERE ($1::text IS NULL OR provider = $1)
  AND ($2::text IS NULL OR cause = $2)
  AND ($3::timestamptz IS NULL OR received_at >= $3)
ORDER BY quarantine_id DESC
LIMIT $4;

-- one: everything about one rejected request, bytes included; a stranger's webhook is a delivery as well
SELECT quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256, admitted_at, admitted_by,
       (SELECT delivery_id FROM deliveries WHERE delivery_id = $1) AS delivery_id
FROM quarantine
WHERE quarantine_id = $1;

-- causes: what is kept, by provider and cause, the newest first
SELECT provider, cause, count(*) AS count, min(received_at) AS oldest, max(received_at) AS newest FROM quarantine
GROUP BY provider, cause ORDER BY max(received_at) DESC LIMIT 50;

-- again: requests of a provider in the order they came, with what they need to be verified again: so many, and together no larger than so many bytes,
-- but at least one
SELECT quarantine_id, provider, cause, received_at, path, headers, body, credential, admitted_at
FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY quarantine_id) - octet_length(body) AS before
    FROM (
        SELECT quarantine_id, provider, cause, received_at, path, headers, body, credential, admitted_at
        FROM quarantine
        WHERE provider = $1 AND quarantine_id > $2 AND ($3::timestamptz IS NULL OR received_at >= $3)
        ORDER BY quarantine_id
        LIMIT $4
    ) AS following
) AS page
WHERE before <= $5
ORDER BY quarantine_id;

-- admitted: these are in the queue
UPDATE quarantine SET admitted_at = clock_timestamp(), admitted_by = $2
WHERE quarantine_id = ANY ($1::uuid[]) AND admitted_at IS NULL;
