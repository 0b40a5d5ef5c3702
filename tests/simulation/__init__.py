"""Our worker's code over a simulated clock, broker, database and provider: everything that happens follows from one number (ADR 0063)."""
