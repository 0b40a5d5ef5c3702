-- migrate:up transaction:false

-- contract: nothing ever asked for the names of a case by its key; each of them was an entry in this index, and a page of the log now and then.
DROP INDEX CONCURRENTLY IF EXISTS lunas.fulfilment_aliases_case_idx;

-- migrate:down

CREATE INDEX fulfilment_aliases_case_idx ON lunas.fulfilment_aliases (case_key);
