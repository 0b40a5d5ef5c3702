"""By kind of what money buys: the decisions that lead from what was said to what should be true. Pure."""
