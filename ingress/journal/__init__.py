"""The journal of ingress: a local file of everything that was accepted, synced to disk before we answer (ADR 0021)."""
