"""Licences: what their provider says of them, and what we know while it cannot be asked."""
