"""Persons: everything that is held about one, and how they are forgotten."""
