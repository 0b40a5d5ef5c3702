"""Room on the disk of the private services: full, it stops the database and the broker at once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from console.checks.finding import Finding, ok, problem, unseen
from console.messages import text

if TYPE_CHECKING:
    from runtime.settings import Settings

LEAST_FREE_BYTES = 2 * 2**30
"""A queue may hold 2 GiB while the database is away; RabbitMQ stops publishers earlier, PostgreSQL ends."""


def check_disk(settings: Settings) -> Finding:
    """The disk of LUNAS_HOME; that of services elsewhere cannot be seen from here."""
    if not settings.home.exists():
        return unseen("disk", text("doctor.disk_unseen"), text("doctor.disk_unseen.fix"))
    free = shutil.disk_usage(settings.home).free
    detail = text("doctor.disk", home=settings.home, free=free // 2**20)
    return problem("disk", detail, text("doctor.disk.fix")) if free < LEAST_FREE_BYTES else ok("disk", detail)
