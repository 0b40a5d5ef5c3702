"""A private PostgreSQL server: made with initdb, started on 127.0.0.1 only, durable like a real one."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

from deploy.local.services.children import Child, end_orphans, minimal_environment
from deploy.local.services.failures import ServiceFailure
from deploy.local.services.home import Home
from deploy.local.services.ports import PortLeases, private_candidates
from deploy.local.services.service import Service
from deploy.local.services.users import ServiceUser, service_user
from runtime.files import write_whole

DATABASE = "lunas"
OWNER = "lunas"
# Modest memory for a laptop; durability as in production: fsync and synchronous_commit stay on.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_wal_size": "2GB",
    # After each checkpoint pages are logged whole again, at their first change. The price is a longer start after a crash: up to 2 GB of log are read.
    "checkpoint_timeout": "15min",
    # Commits wait behind whatever else the disk is writing. Left alone, the kernel collects what is written to tables for 30 s and then
    # writes hundreds of megabytes at once: a commit takes half a second. These make the server write early and little by little; what
    # still collects is about as much as shared_buffers holds.
    "shared_buffers": "96MB",
    "backend_flush_after": "512kB",
    "bgwriter_delay": "20ms",
    "bgwriter_lru_maxpages": "1000",
    "bgwriter_lru_multiplier": "4",
    # Vacuum has all day; at its usual pace (2 ms) it writes 24 MB/s beside the commits.
    "autovacuum_vacuum_cost_delay": "20ms",
    "fsync": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    # DETAIL lines hold the values of rows.
    "log_error_verbosity": "terse",
}


def postgres_service(home: Home, programs: Path, leases: PortLeases) -> Service:
    """The server of one home, ready to start; makes its data folder at first use."""
    user = service_user("postgres")
    folder = home.data_folder("postgres", user)
    data = folder / "data"
    password = home.secrets()["postgres_password"]
    if not (data / "PG_VERSION").exists():
        _initialize(programs, data, user, password)
    _check_version(programs, data)
    _recover_from_kill(data)
    port = leases.pick(private_candidates(home.path))
    chosen = SETTINGS | {"wal_compression": _page_compression(programs, data)}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    child = Child(
        name="postgres",
        command=[str(programs / "postgres"), "-D", str(data), "-p", str(port), *options],
        environment=minimal_environment(),
        user=user,
        folder=folder,
        log=home.logs / "postgres.log",
        stop_signal=signal.SIGINT,  # "fast": ends sessions, then writes a checkpoint
        mark=_mark(data),
        death_signal=signal.SIGQUIT,  # "immediate": within the 5 s an orphan has; recovers at the next start
    )
    return Service(
        name="PostgreSQL",
        url=f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/{DATABASE}",
        children=[child],
        ready=lambda: _run(programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)).returncode == 0,
        start_budget_seconds=60.0,
        stop_budget_seconds=6.0,
        after_start=lambda: _create_database(programs, port, password),
    )


def _initialize(programs: Path, data: Path, user: ServiceUser, password: str) -> None:
    """initdb into a draft that is renamed when complete: an interrupted one leaves nothing half made."""
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    password_file = data.with_name("password")
    write_whole(password_file, password.encode())
    user.own(password_file, 0o600)
    try:
        done = subprocess.run(
            [str(programs / "initdb"), "-D", str(draft), "-U", OWNER, "--auth=scram-sha-256",
             f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"],
            env=minimal_environment(), cwd=data.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            start_new_session=True, **user.popen_arguments(),  # type: ignore[call-overload]
        )  # fmt: skip
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise ServiceFailure(f"initdb failed:\n{done.stdout}{done.stderr}")
    draft.rename(data)


def _check_version(programs: Path, data: Path) -> None:
    have = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    said = _run(programs / "postgres", "--version").stdout
    found = re.search(r"(\d+)", said)
    if found and found.group(1) != have:
        raise ServiceFailure(
            f"{data} was made by PostgreSQL {have}, but the programs in {programs} are version {found.group(1)}: "
            "install the older version, or move the folder away to start with an empty one."
        )


def _page_compression(programs: Path, data: Path) -> str:
    """How pages that are logged whole after a checkpoint are compressed. lz4 costs a webhook a fifth less of the server's CPU than the old way and no more
    bytes; a server that was built without it, or is older than 15, has only the old one."""
    asked = ("-C", "wal_compression", "-D", str(data), "-c", "wal_compression=lz4")
    try:
        return "lz4" if _run(programs / "postgres", *asked).returncode == 0 else "on"
    except subprocess.TimeoutExpired:
        return "on"


def _recover_from_kill(data: Path) -> None:
    """Removes a lock file that outlived its server, after a dying server has ended.

    PostgreSQL itself trusts the file when its process id is alive, even when that is another program by now.
    """
    end_orphans(_mark(data))
    (data / "postmaster.pid").unlink(missing_ok=True)


def _mark(data: Path) -> str:
    return f"-D\0{data}\0"


def _create_database(programs: Path, port: int, password: str) -> None:
    try:
        done = _create(programs, port, password)
    except subprocess.TimeoutExpired:
        done = _create(programs, port, password)
    if done.returncode != 0 and "already exists" not in done.stderr:
        raise ServiceFailure(f"The database {DATABASE} could not be created: {done.stderr.strip()}")


def _create(programs: Path, port: int, password: str) -> subprocess.CompletedProcess[str]:
    return _run(
        programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", OWNER, "--maintenance-db=postgres", DATABASE,
        PGPASSWORD=password,
    )  # fmt: skip


def _run(program: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *arguments], env=minimal_environment(**environment), cwd="/", stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=30, start_new_session=True,
    )  # fmt: skip
