-- clear: Whether any address stays in clear.
SELECT EXISTS (SELECT FROM addresses_in_clear);

-- told_before: Addresses that the log held in clear when sealing began.
SELECT DISTINCT coalesce(data ->> 'payer_email', data ->> 'email') AS address FROM events
WHERE type = ANY($1::text[]) AND position <= $2 AND coalesce(data ->> 'payer_email', data ->> 'email') LIKE '%@%';

-- exchange_begun: New keys of persons are sealed by this one from now on.
SELECT begin_key_exchange($1);

-- left: Keys of persons behind a name that are not sealed by this one.
SELECT name, address_index IS NOT NULL AS is_address, wrapped_key, sealed FROM person_keys
WHERE name > $2 AND destroyed_at IS NULL AND wrapped_by IS DISTINCT FROM $1 ORDER BY name LIMIT $3;

-- exchange: These keys, as they were sealed and as they are from now on; how many.
SELECT exchange_keys($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]);

-- exchange_ended: Nothing is sealed by the key of before any more.
SELECT end_key_exchange();

-- exchange_now: By which key sealing is done, which one is being exchanged, and how many keys of persons are left to it.
SELECT key_check, key_check_before, exchanged_at,
    (SELECT count(*) FROM person_keys k WHERE k.destroyed_at IS NULL AND d.key_check_before IS NOT NULL AND k.wrapped_by IS DISTINCT FROM d.key_check) AS left_over
FROM personal_data d;
