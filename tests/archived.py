"""A PostgreSQL of a test's own that archives as `deploy/postgres/` prescribes: with its scripts, its way of connecting and its kind of folder.

The tests' shared server cannot be destroyed, and does not archive.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import asyncpg

from deploy.local.services import programs
from deploy.local.services.children import Child, minimal_environment
from deploy.local.services.postgres import DATABASE, OWNER, _initialize
from deploy.local.services.users import ServiceUser, service_user
from deploy.make_secrets import backup_secrets
from tests.memory import quick_place
from tests.ports import held_ports
from tests.waiting import until

SCRIPTS = Path(__file__).parents[1] / "deploy/postgres"
PASSWORD = "owner-of-the-tests"
ROOM = 2 * 2**30
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "archive_mode": "on",
    "archive_timeout": "60s",
    # A server that is destroyed on purpose need not wait for a checkpoint that is spread.
    "checkpoint_timeout": "15min",
}


class ArchivedServer:
    """`start` and `destroy` as often as a test likes; `backups` is the archive's folder."""

    def __init__(self, folder: Path, port: int) -> None:
        found = programs.postgres_folder()
        if found is None:
            raise programs.missing(["postgresql"])
        self.programs, self.port = found, port
        self.user: ServiceUser = service_user("postgres")
        self.folder = folder / "postgres"
        self.backups = folder / "backups"
        self.scripts = folder / "scripts"
        self.log = folder / "postgres.log"
        for made in (self.folder, self.backups):
            made.mkdir()
            self.user.own(made, 0o755)
        # The server's user may not be able to read the checkout; a mount shows it only these files either.
        self.scripts.mkdir(mode=0o755)
        for script in (*SCRIPTS.glob("*.sh"), SCRIPTS / "pg_hba.conf"):
            shutil.copy(script, self.scripts)
            (self.scripts / script.name).chmod(0o644)
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{OWNER}:{PASSWORD}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def initialize(self) -> None:
        _initialize(self.programs, self.data, self.user, PASSWORD)

    async def start(self, **settings: str) -> None:
        """Until it takes connections, which a server that restores does once it is consistent; `settings` over ours."""
        chosen = SETTINGS | {
            "archive_command": f'sh {self.scripts}/archive-segment.sh "%p" "%f" {self.backups}',
            "hba_file": str(self.scripts / "pg_hba.conf"),
        }
        options = [part for name, value in (chosen | settings).items() for part in ("-c", f"{name}={value}")]
        self._child = Child(
            name="postgres",
            command=[str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *options],
            environment=minimal_environment(),
            user=self.user,
            folder=self.folder,
            log=self.log,
            death_signal=signal.SIGQUIT,
        )
        self._child.start()
        await until(self._answers, 60.0)

    async def create(self) -> None:
        """The database, and the login that may copy it."""
        connection = await asyncpg.connect(self.url.rpartition("/")[0] + "/postgres")
        try:
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
            secrets = backup_secrets(f"127.0.0.1:{self.port}/{DATABASE}")
            await connection.execute(secrets["backup_login.sql"])
        finally:
            await connection.close()
        service = self.folder / "backup_service"
        service.write_text(secrets["backup_service"], "utf-8")
        self.user.own(service, 0o444)

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def value(self, statement: str, *values: object) -> object:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()

    async def archived(self) -> str:
        """Ends the file that is being written, and waits until the archive has it; its name."""
        name = await self.end_file()
        await until(lambda: (self.backups / f"wal/{name}.gz").exists(), 60.0)
        return name

    async def end_file(self) -> str:
        """Ends the file that is being written, which wakes the archiver; its name."""
        # A file in which nothing is written is not ended.
        await self.value("SELECT pg_logical_emit_message(true, 'tests', 'something')")
        return str(await self.value("SELECT pg_walfile_name(pg_switch_wal())"))

    async def copy_whole(self, **environment: str) -> str:
        """One run of take-base-backup.sh; what it said. Raises CalledProcessError."""
        return await asyncio.to_thread(
            self.run_script, "take-base-backup.sh", str(self.backups), **environment
        )

    def run_script(self, name: str, *words: str, **environment: str) -> str:
        """As the server's user, with the login of the container `backup`. Raises CalledProcessError."""
        own = {
            "PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin",
            "PGSERVICEFILE": str(self.folder / "backup_service"),
            "PGSERVICE": "lunas",
            "LUNAS_BACKUP_CHECKPOINT": "fast",
        }
        variables = minimal_environment(**(own | environment))
        return subprocess.run(
            ["sh", str(self.scripts / name), *words], env=variables, cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=120, **self.user.popen_arguments(),
        ).stdout  # type: ignore[call-overload]  # fmt: skip

    def bases(self) -> list[str]:
        """Names of the whole copies, oldest first."""
        return sorted(
            each.name for each in (self.backups / "base").iterdir() if not each.name.startswith(".")
        )

    def destroy(self) -> None:
        """The machine is gone: killed, and its disk with it. The archive is elsewhere."""
        self.kill()
        shutil.rmtree(self.data)

    def kill(self) -> None:
        if self._child is not None and self._child.process is not None:
            self._child.process.send_signal(signal.SIGQUIT)
            self._child.process.wait()

    def put_back(self, moment: datetime | None = None, **environment: str) -> str:
        """put-back.sh, as the runbook calls it; what it said. Raises CalledProcessError."""
        words = [] if moment is None else [moment.isoformat()]
        return self.run_script("put-back.sh", str(self.backups), str(self.data), *words, **environment)

    async def restored(self) -> None:
        """The server has read what it was told to, and takes writes."""
        await until(self._writable, 60.0)

    async def _writable(self) -> bool:
        return not await self.value("SELECT pg_is_in_recovery()")

    async def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.alive(), self._child.last_words()
        try:
            connection = await asyncpg.connect(self.url.rpartition("/")[0] + "/postgres", timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True


@contextmanager
def archived_server() -> Iterator[ArchivedServer]:
    """An initialized server that does not run yet; killed at the end, and nothing is left of it."""
    home = Path(tempfile.mkdtemp(prefix="lunas-archived-", dir=quick_place(ROOM)))
    home.chmod(0o755)  # the server's own user must pass through
    try:
        with held_ports(1) as (port,):
            server = ArchivedServer(home, port)
            server.initialize()
            try:
                yield server
            finally:
                server.kill()
    finally:
        shutil.rmtree(home)
