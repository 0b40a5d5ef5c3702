"""Comparing providers' own lists with our record: what is missing here goes through the queue like any webhook, what differs is told."""
