"""Ways to run lunas."""
