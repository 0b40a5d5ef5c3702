-- address: The address a customer is registered with from now on, and whether another customer has it too.
WITH kept AS (
    INSERT INTO registered_addresses (customer_id, email_normalized) VALUES ($1, $2)
    ON CONFLICT (customer_id) DO UPDATE SET email_normalized = excluded.email_normalized
    RETURNING email_normalized
)
SELECT EXISTS (SELECT FROM registered_addresses r, kept WHERE r.email_normalized = kept.email_normalized AND r.customer_id <> $1);
