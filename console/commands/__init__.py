"""One module per group of verbs; each is imported only when its command is called."""
