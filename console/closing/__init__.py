"""The daily close: what a day brought at each provider, from the log, held against the ledger (`lunas close`)."""
