"""The door for providers: verify the raw bytes, publish with a confirm, answer. Nothing else, and no database."""
