"""Queue to facts: consume, batch, dedupe, append, retry, park. Decides nothing about money."""
