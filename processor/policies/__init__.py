"""From facts, what we said, and the world to an outcome. Pure: no clock, no I/O."""
