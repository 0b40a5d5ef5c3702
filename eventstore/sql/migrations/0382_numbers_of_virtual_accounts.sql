-- migrate:up transaction:false

-- Whose virtual account it is: a customer reads its number from the screen, and an operator pastes it.
DROP INDEX CONCURRENTLY IF EXISTS lunas.payment_requests_va_idx;
CREATE INDEX CONCURRENTLY payment_requests_va_idx ON lunas.payment_requests ((instrument ->> 'va_number'))
    WHERE instrument ->> 'va_number' IS NOT NULL;

-- migrate:down

DROP INDEX lunas.payment_requests_va_idx;
