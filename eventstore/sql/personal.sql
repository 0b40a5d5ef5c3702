-- begun: Since when personal data is sealed, and by which key; no row = it is not.
SELECT key_check, key_check_before, since FROM personal_data;

-- begin: It is from now on.
INSERT INTO personal_data (key_check, since) SELECT $1, coalesce(max(position), 0) FROM events;

-- told_in_clear: Addresses that the log holds: of payers and of customers.
SELECT DISTINCT coalesce(data ->> 'payer_email', data ->> 'email') AS address FROM events
WHERE type = ANY($1::text[]) AND coalesce(data ->> 'payer_email', data ->> 'email') IS NOT NULL;

-- leave_in_clear: These stay what customers are matched by.
INSERT INTO addresses_in_clear (address_index, made_by) SELECT address_index, $2 FROM unnest($1::bytea[]) AS address_index ON CONFLICT DO NOTHING;

-- names: What addresses are called, by their indexes; of those that stay in clear no name.
SELECT address_index, name FROM person_keys WHERE address_index = ANY($1::bytea[])
UNION ALL
SELECT address_index, NULL FROM addresses_in_clear WHERE address_index = ANY($1::bytea[]);

-- make: Keys of addresses that nobody had met.
INSERT INTO person_keys (name, address_index, wrapped_key, sealed, wrapped_by)
SELECT name, address_index, wrapped_key, sealed, $5 FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]) AS made (name, address_index, wrapped_key, sealed);
