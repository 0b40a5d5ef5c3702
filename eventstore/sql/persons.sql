-- make_for_customer: The key of what is said of a customer.
INSERT INTO person_keys (name, customer_id, wrapped_key, wrapped_by) VALUES ($1, $2, $3, $4);

-- key_of_customer: The key of what is said of a customer, while it is not destroyed.
SELECT name, wrapped_key FROM person_keys WHERE customer_id = $1 AND destroyed_at IS NULL;

-- with_kept_phone: The same by what is kept of registrations, where the log holds the number sealed.
SELECT customer_id FROM registered_addresses WHERE phone = $1 LIMIT 20;
