"""Rounds: read the log, load cases, decide, append decisions with the checkpoint in one transaction."""
