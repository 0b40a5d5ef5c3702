-- address: The address a customer is registered with from now on, and whether another customer has it too.
WITH kept AS (
    INSERT INTO registered_addresses (customer_id, email_normalized, phone) VALUES ($1, $2, $3)
    ON CONFLICT (customer_id) DO UPDATE SET email_normalized = excluded.email_normalized, phone = excluded.phone
    RETURNING email_normalized
)
SELECT EXISTS (SELECT FROM registered_addresses r, kept WHERE r.email_normalized = kept.email_normalized AND r.customer_id <> $1);
