"""Power cuts without a plug: what reached the disk at an instant, and nothing else, is what a machine finds when it starts again."""
