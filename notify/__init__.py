"""Tells applications and people what was decided: the log is the outbox, each decision and receiver is told once (ADR 0051)."""
