"""Pure steps from one event to changed rows, one module per projection. No clock, no I/O, no randomness."""
