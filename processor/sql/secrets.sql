-- seen: The first delivery that each of these secrets verified, with those of its provider that were known before; nothing of what is known.
INSERT INTO webhook_secrets (provider, secret_id, delivery_id, known_before)
SELECT t.provider, t.secret_id, t.delivery_id,
    ARRAY(SELECT w.secret_id FROM webhook_secrets w WHERE w.provider = t.provider ORDER BY w.secret_id)
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS t (provider, secret_id, delivery_id)
ON CONFLICT (provider, secret_id) DO NOTHING;
