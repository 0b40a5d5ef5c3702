-- keys: Keys by name; null where they are destroyed.
SELECT name, wrapped_key, sealed FROM person_keys WHERE name = ANY($1::text[]);
