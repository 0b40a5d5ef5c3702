"""The log: append, read, streams, checkpoints, migrations. The only writer of `events`."""
