"""Credit and quotas: accounts as folds of the log, what may be done on them, and the calls for it."""
