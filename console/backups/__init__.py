"""The archive of the database: base backups and finished files of the write-ahead log, as `deploy/postgres/` keeps them."""
