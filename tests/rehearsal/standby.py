"""PostgreSQL with a synchronous standby: the primary is lost, the standby promoted, and the old primary comes back, all under load."""

from __future__ import annotations

from functools import partial

import asyncpg

from tests.rehearsal.project import Project, lose
from tests.rehearsal.scene import PAYER, Scene
from tests.rehearsal.steps import StepFailed
from tests.waiting import until

PROMOTED_WITHIN_SECONDS = 15.0
WAIT_SECONDS = 120.0
ANSWERED = 'lunas_api_reads_total{source="standby"}'
SHOW_METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/metrics').read().decode())"
SYNCHRONOUS = "SELECT coalesce(string_agg(application_name || ' ' || sync_state, ', '), 'none') FROM pg_stat_replication WHERE state = 'streaming'"


async def ordeal(scene: Scene) -> None:
    """Loss, promotion, the return of the old primary, a new standby out of it, and the way back."""
    project = scene.project
    await _is_synchronous(scene, "postgres-2")
    await scene.disturbed(
        "the standby restarts; the primary waits for it", partial(project.compose, "restart", "postgres-2")
    )
    await _fail_over(scene, "postgres", "postgres-2")
    project.primary = "STANDBY"
    await _old_primary_refuses(scene, "postgres")
    await _made_standby(scene, "postgres")
    await _is_synchronous(scene, "postgres")


async def reads(scene: Scene) -> None:
    """The API's read calls come from the server that is the standby now, as docs/deployment.md has it."""
    project = scene.project
    both = project.secret("database_url_api").partition("?")[0]
    (project.folder / "deploy/secrets/database_url_reads").write_text(both)
    project.reads = True
    project.take(project.image)
    await scene.disturbed(
        "reads come from the standby", partial(project.compose, "up", "-d", "--no-build", "--no-deps", "api")
    )
    async with scene.steps.step("the standby answers them, and says how old it is") as note:
        await until(lambda: _answered(scene), WAIT_SECONDS)
        note.add(f"{await _answered(scene):g} answered so far; {await _lag(scene)}")


async def _answered(scene: Scene) -> float:
    """How many read calls the standby answered since the API started; nobody else may be reading now."""
    await scene.balance_of(PAYER)
    shown = await scene.project.compose("exec", "-T", "api", "python", "-c", SHOW_METRICS)
    lines = [line for line in shown.splitlines() if line.startswith(ANSWERED)]
    return float(lines[0].rpartition(" ")[2]) if lines else 0.0


async def _lag(scene: Scene) -> str:
    said = await scene.balance_of(PAYER)
    return f"lag_seconds {said['lag_seconds']}"


async def _is_synchronous(scene: Scene, standby: str) -> None:
    async with scene.steps.step(f"{standby} has every commit before it is confirmed") as note:
        await until(lambda: _says(scene.project, f"{standby} sync"), WAIT_SECONDS)
        note.add(await _ask(scene.project.database_url, SYNCHRONOUS))


async def _fail_over(scene: Scene, old: str, new: str) -> None:
    """As if the machine of the primary had died; a person promotes the other one at once."""

    async def promote() -> None:
        await lose(scene.project, old)
        await scene.project.compose(
            "exec", "-T", new, "psql", "-U", "postgres", "-Atc", "SELECT pg_promote()"
        )

    await scene.disturbed(f"{old} is lost, {new} promoted", promote, most=PROMOTED_WITHIN_SECONDS)


async def _old_primary_refuses(scene: Scene, old: str) -> None:
    """Started again it would take writes that nobody else has: it must see that it was replaced."""
    async with scene.steps.step(f"{old}, started again, does not become a second primary") as note:
        await scene.project.compose("start", old)

        async def told() -> bool:
            return "is the primary now" in await scene.project.compose("logs", "--no-color", old)

        await until(told, WAIT_SECONDS)
        try:
            await _ask(scene.project.database_at("DATABASE"), "SELECT 1")
        except (OSError, asyncpg.PostgresError, TimeoutError):
            note.add("it says so and takes nobody in")
        else:
            raise StepFailed("it takes connections")


async def _made_standby(scene: Scene, old: str) -> None:
    """Its volume goes, and it copies whoever is the primary now."""
    project = scene.project

    async def rebuild() -> None:
        await project.compose("rm", "-f", "-s", "-v", old)
        await project.remove_volume(old)
        await project.compose("up", "-d", "--no-build", "--no-deps", old)
        await until(lambda: _streams(project), WAIT_SECONDS)
        await project.compose("run", "--rm", "-T", "--no-deps", "synchronous")

    await scene.disturbed(f"{old} becomes the standby of the new primary", rebuild)


async def _streams(project: Project) -> bool:
    return await _ask(project.database_url, SYNCHRONOUS) != "none"


async def _says(project: Project, words: str) -> bool:
    return words in await _ask(project.database_url, SYNCHRONOUS)


async def _ask(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return str(await connection.fetchval(statement))
    finally:
        await connection.close()
