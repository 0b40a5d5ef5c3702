-- migrate:up

-- The body of a row above 2 kB was put aside as it was, in pieces with an index of their own. Compressed, most of them stay in the row and take half. Smaller rows are as they were.
ALTER TABLE lunas.deliveries ALTER COLUMN body SET STORAGE EXTENDED;

-- migrate:down

ALTER TABLE lunas.deliveries ALTER COLUMN body SET STORAGE EXTERNAL;
