"""A hot standby of a test's own server: a copy of it on another port that reads what it writes, and answers questions meanwhile."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.services.children import minimal_environment
from tests.archived import ArchivedServer
from tests.ports import held_ports


@asynccontextmanager
async def hot_standby(primary: ArchivedServer, home: Path) -> AsyncIterator[ArchivedServer]:
    """Runs until the block ends. `home`: an empty folder below one that the server's user may pass through."""
    with held_ports(1) as (port,):
        standby = ArchivedServer(home, port)
        subprocess.run(
            [str(primary.programs / "pg_basebackup"), "-D", str(standby.data), "--write-recovery-conf", "--checkpoint=fast", "--no-password"],
            env=minimal_environment(PGSERVICEFILE=str(primary.folder / "backup_service"), PGSERVICE="lunas"),
            cwd=standby.folder, stdin=subprocess.DEVNULL, check=True, timeout=120, **primary.user.popen_arguments(),
        )  # type: ignore[call-overload]  # fmt: skip
        try:
            await standby.start()
            yield standby
        finally:
            standby.kill()
