"""The operators' web console: the same looks and the same acts as the `lunas` command, in a browser (ADR 0064)."""
