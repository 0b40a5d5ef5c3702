"""The change feed: what changed in the read models, in the order of the log (ADR 0052)."""
