-- list: newest rejected requests first; a null filter does not filter
SELECT quarantine_id, provider, cause, received_at, remote, path, octet_length(body) AS bytes, body_sha256
FROM quarantine
WHERE ($1::text IS NULL OR provider = $1)
  AND ($2::text IS NULL OR cause = $2)
  AND ($3::timestamptz IS NULL OR received_at >= $3)
ORDER BY quarantine_id DESC
LIMIT $4;

-- one: everything about one rejected request, bytes included; a stranger's webhook is a delivery as well
SELECT quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256,
       (SELECT delivery_id FROM deliveries WHERE delivery_id = $1) AS delivery_id
FROM quarantine
WHERE quarantine_id = $1;
