"""Mistakes that people make, each with what `lunas doctor` must say of it. One coroutine plants one mistake in a healthy world."""

from __future__ import annotations

from tests.integration.doctor.mistakes import broker, database, processes, providers, reading, settings
from tests.integration.doctor.mistakes.table import MISTAKES, Mistake

__all__ = ["MISTAKES", "Mistake", "broker", "database", "processes", "providers", "reading", "settings"]
