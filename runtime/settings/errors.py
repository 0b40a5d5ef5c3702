"""The one error a wrong configuration ends in."""

from __future__ import annotations


class ConfigurationError(Exception):
    """The configuration is wrong: one plain sentence that names the variable and the fix.

    Processes print the sentence and stop with exit code 2; a traceback is never shown for it.
    """
