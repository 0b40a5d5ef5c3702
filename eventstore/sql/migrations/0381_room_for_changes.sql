-- migrate:up

-- A case is written once or twice, and is large: a fifth of each page kept free was a row less on it. Where the first change of a page finds no room it
-- makes room for the next ones.
ALTER TABLE lunas.fulfilment_cases SET (fillfactor = 95);

-- A customer is changed by every top-up, and a batch changes most of a page at once: with half of it free, that touches no index.
ALTER TABLE lunas.fulfilment_customers SET (fillfactor = 50);

-- migrate:down

ALTER TABLE lunas.fulfilment_customers SET (fillfactor = 80);
ALTER TABLE lunas.fulfilment_cases SET (fillfactor = 80);
