"""Bytes of webhooks by month, in files beside the database."""
