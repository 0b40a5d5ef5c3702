-- house_accounts: What the house's own accounts of these names ($1) stand at, in rupiah.
SELECT account, balance FROM ledger WHERE account = ANY($1::text[]) AND unit = 'IDR' ORDER BY account;

-- totals: Everything in the books, by unit: debits and credits cancel each other, or the books are wrong.
SELECT unit, debits, credits FROM ledger_totals ORDER BY unit;
