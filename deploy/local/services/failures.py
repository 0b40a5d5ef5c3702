"""What can go wrong while services start; each message is one plain sentence for a person."""

from __future__ import annotations


class ServiceFailure(Exception):
    """A private service cannot be started or kept running."""


class MissingProgram(ServiceFailure):
    """A program is not installed; the message names the command that installs it."""


class AlreadyRunning(ServiceFailure):
    """Another supervisor owns this LUNAS_HOME."""


class PortTaken(ServiceFailure):
    """A port that was asked for by name is in use."""
