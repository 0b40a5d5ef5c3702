"""What the fake providers share: their clock, their webhooks with retries, switches for bad days, pages on which a person pays.

For development and tests. No process of production imports this; import-linter sees to it.
"""
