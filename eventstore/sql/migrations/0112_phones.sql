-- migrate:up

-- Customers by the phone number they registered with, however it was written: digits, without the country or the leading zero.
CREATE INDEX events_phone_idx ON lunas.events ((regexp_replace(regexp_replace(data ->> 'phone', '[^0-9]', '', 'g'), '^(62|0)', '')))
    WHERE type = 'customer.registered';

-- migrate:down

DROP INDEX lunas.events_phone_idx;
