"""The database is lost under load, and put back to a moment, by the commands of docs/runbooks/restore.md; what came since is sent again from the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from tests.rehearsal.project import lose
from tests.rehearsal.scene import Scene
from tests.rehearsal.steps import StepFailed
from tests.waiting import until

BACKUPS = "/var/lib/postgresql/backups"
DATA = "/var/lib/postgresql/data"
SCRIPTS = "/usr/local/lib/lunas"
STOPPED = ("processor", "projections", "api", "notify", "console", "backup")
WAIT_SECONDS = 240.0
WEBHOOKS_OF_A_PHASE = 100
EARLIER = timedelta(minutes=2)
"""From so long before the moment on everything is sent again: clocks of machines differ, and what is known already changes nothing."""


async def ordeal(scene: Scene) -> None:
    """A whole copy, a moment, what is archived after it, what is not; the loss; and the way back."""
    async with scene.steps.step("a whole copy of the database, verified") as note:
        said = await scene.project.compose(
            "exec", "-T", "-e", "LUNAS_BACKUP_CHECKPOINT=fast", "backup",
            "sh", f"{SCRIPTS}/take-base-backup.sh", BACKUPS,
        )  # fmt: skip
        note.add(said.strip().rpartition("/")[2])
    await _sent(scene)
    async with scene.steps.step("lunas backup check"):
        await scene.project.lunas("backup", "check")
    # What applications ask for in the lost time comes back from nobody's journal (docs/runbooks/restore.md), so the witness asks for nothing in it.
    async with scene.load.spending:
        moment = await _moment(scene)
        await _sent(scene)
        await _archived(scene)
        await _sent(scene)
        await scene.disturbed("the database is lost, and put back to a moment", lambda: _lost(scene, moment))
    async with scene.steps.step("operator doctor's backups") as note:
        note.add((await scene.project.lunas("backup", "check", "--no-bytes", fine=(0, 1))).splitlines()[-1])


async def _lost(scene: Scene, moment: datetime) -> None:
    project = scene.project
    await lose(project, "postgres")
    await project.compose("stop", *STOPPED)
    await _sent(scene)
    # Its disk is gone, and not only moved away: the archive must do without it.
    await project.compose(
        "run", "--rm", "-T", "--no-deps", "postgres", "sh", "-c", f"rm -rf {DATA}/* && ls -A {DATA}"
    )
    await project.compose(
        "run", "--rm", "-T", "--no-deps", "postgres",
        "sh", f"{SCRIPTS}/put-back.sh", BACKUPS, DATA, moment.isoformat(),
    )  # fmt: skip
    await project.compose("up", "-d", "--no-build", "postgres")
    await until(lambda: _takes_writes(scene), WAIT_SECONDS)
    async with scene.steps.step("the database is as it was at that moment") as note:
        newest = await _value(scene, "SELECT max(recorded_at) FROM events")
        if newest is None or newest > moment:
            raise StepFailed(f"its newest event is of {newest}, the moment was {moment}")
        note.add(f"newest event {(moment - newest).total_seconds():.1f} s before it")
    await project.compose("up", "-d", "--no-build")
    since = (moment - EARLIER).astimezone(UTC).isoformat(timespec="seconds")
    async with scene.steps.step("what came since is sent again") as note:
        said = await project.lunas("ingress", "republish", "--since", since, "--reason", "rehearsal", "--yes")
        note.add(said.splitlines()[0])


async def _sent(scene: Scene) -> None:
    """Some webhooks more."""
    sent = scene.load.sent
    await until(lambda: scene.load.sent >= sent + WEBHOOKS_OF_A_PHASE, WAIT_SECONDS)


async def _moment(scene: Scene) -> datetime:
    """Now, by the database's clock. Copies are named by the second they were begun in."""
    seen = await _value(scene, "SELECT clock_timestamp()")
    assert isinstance(seen, datetime)
    return seen


async def _archived(scene: Scene) -> None:
    """What was written until now is in the archive."""
    name = await _value(scene, "SELECT pg_walfile_name(pg_switch_wal())")
    await until(
        lambda: _value(
            scene, "SELECT coalesce(last_archived_wal, '') >= $1 FROM pg_stat_archiver", str(name)
        ),
        WAIT_SECONDS,
    )


async def _takes_writes(scene: Scene) -> bool:
    try:
        return not await _value(scene, "SELECT pg_is_in_recovery()")
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False


async def _value(scene: Scene, statement: str, *values: object) -> object:
    connection = await asyncpg.connect(
        scene.project.database_url, timeout=5, server_settings={"search_path": "lunas"}
    )
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()
