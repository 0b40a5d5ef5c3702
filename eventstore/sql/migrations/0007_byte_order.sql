-- migrate:up

-- Names that machines give are compared byte by byte. In any other collation, "C.UTF-8" included, PostgreSQL asks the C library for each
-- comparison of an index look-up, and the answer is of no use to anybody here. The tables are rewritten; they are small or new.
ALTER TABLE lunas.streams ALTER COLUMN stream TYPE text COLLATE "C";
ALTER TABLE lunas.events ALTER COLUMN type TYPE text COLLATE "C";
ALTER TABLE lunas.inbox
    ALTER COLUMN provider TYPE text COLLATE "C",
    ALTER COLUMN dedupe_key TYPE text COLLATE "C";
ALTER TABLE lunas.fulfilment_cases ALTER COLUMN case_key TYPE text COLLATE "C";
ALTER TABLE lunas.fulfilment_aliases
    ALTER COLUMN alias TYPE text COLLATE "C",
    ALTER COLUMN case_key TYPE text COLLATE "C";
ALTER TABLE lunas.fulfilment_waits
    ALTER COLUMN wait_key TYPE text COLLATE "C",
    ALTER COLUMN case_key TYPE text COLLATE "C";
ALTER TABLE lunas.fulfilment_customers
    ALTER COLUMN customer_id TYPE text COLLATE "C",
    ALTER COLUMN email_normalized TYPE text COLLATE "C";

-- migrate:down

ALTER TABLE lunas.fulfilment_customers
    ALTER COLUMN email_normalized TYPE text,
    ALTER COLUMN customer_id TYPE text;
ALTER TABLE lunas.fulfilment_waits
    ALTER COLUMN case_key TYPE text,
    ALTER COLUMN wait_key TYPE text;
ALTER TABLE lunas.fulfilment_aliases
    ALTER COLUMN case_key TYPE text,
    ALTER COLUMN alias TYPE text;
ALTER TABLE lunas.fulfilment_cases ALTER COLUMN case_key TYPE text;
ALTER TABLE lunas.inbox
    ALTER COLUMN dedupe_key TYPE text,
    ALTER COLUMN provider TYPE text;
ALTER TABLE lunas.events ALTER COLUMN type TYPE text;
ALTER TABLE lunas.streams ALTER COLUMN stream TYPE text;
