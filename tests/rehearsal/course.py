"""What is done to the one deployment of `deploy/compose.yaml`: looked at, restarted, killed, upgraded, and looked at again."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.rehearsal.copies import replace_version
from tests.rehearsal.project import PROCESSES, Project
from tests.rehearsal.scene import Scene, until_ready
from tests.rehearsal.steps import StepFailed, Steps
from tests.waiting import until

ALL_READY_SECONDS = 120.0
UNHEARD_OF = ("Traceback", "This should not happen")
OURS_TO_BLAME = {"rejected"}
"""What doctor rightly finds here: the witness sends forged webhooks too."""


async def bring_up(project: Project, steps: Steps) -> None:
    """As the pages say; the images are there."""
    async with steps.step("compose up, until ingress and API are ready") as note:
        await project.compose("up", "-d", "--no-build")
        await until_ready(project)
        note.add(", ".join(project.services()))


async def look(scene: Scene) -> None:
    """`lunas status` and `lunas doctor` in the operator's container: every process ready, and no problem found."""
    project = scene.project
    async with scene.steps.step("operator status") as note:

        async def all_ready() -> bool:
            states = json.loads(await project.lunas("status", "--json", fine=(0, 1)))["processes"]
            note.said[:] = [", ".join(f"{name} {state}" for name, state in states.items())]
            return set(states.values()) == {"ready"}

        try:
            await until(all_ready, ALL_READY_SECONDS)
        except TimeoutError as error:
            raise StepFailed(f"not everything is ready: {'; '.join(note.said)}") from error
    async with scene.steps.step("operator doctor") as note:
        wrong: list[str] = []

        async def well() -> bool:
            nonlocal wrong
            checks = json.loads(await project.lunas("doctor", "--json", fine=(0, 1)))["checks"]
            notes = [each["check"] for each in checks if each["state"] == "note"]
            note.said[:] = [f"{len(checks)} checks; notes: {', '.join(notes) or 'none'}"]
            problems = [each for each in checks if each["state"] == "problem"]
            wrong = [
                f"{each['check']}: {each['detail']}"
                for each in problems
                if each["check"] not in OURS_TO_BLAME
            ]
            return not wrong

        # On a machine that is very busy an answer takes longer than doctor waits: what is a problem stays one.
        try:
            await until(well, ALL_READY_SECONDS)
        except TimeoutError as error:
            raise StepFailed("; ".join(wrong) or "it did not end") from error


async def restart_each(scene: Scene, services: list[str]) -> None:
    """As an administrator would, then as a power cut would."""
    compose = scene.project.compose
    for service in services:
        await scene.disturbed(f"restart {service}", partial(compose, "restart", service))
    for service in services:

        async def kill_and_start(name: str = service) -> None:
            await compose("kill", "-s", "SIGKILL", name)
            await compose("start", name)

        await scene.disturbed(f"kill -9 {service}", kill_and_start)


async def upgrade(scene: Scene, new: Path, image: str, words: str) -> None:
    """The files of the new version come, its image is there, and compose is told to bring it up: migrations first."""

    async def go() -> None:
        catalogue = (scene.project.folder / "catalog.toml").read_text()
        replace_version(new, scene.project.folder)
        (scene.project.folder / "catalog.toml").write_text(catalogue)
        scene.project.take(image)
        await scene.project.compose("up", "-d", "--no-build")

    await scene.disturbed(f"upgrade under load, {words}", go)


async def verified(scene: Scene) -> None:
    """Read models and cases are the fold of the log."""
    project = scene.project
    for what in ("projections", "fulfilment"):
        async with scene.steps.step(f"operator {what} verify"):
            await project.lunas(what, "verify", "--json")


async def logs_are_clean(scene: Scene) -> None:
    """No secret, and no process that met what it does not know. A container that is replaced takes its log with it: so before an upgrade too."""
    project = scene.project
    async with scene.steps.step("logs hold no secret and nothing unheard of") as note:
        text = await project.compose("logs", "--no-color", *PROCESSES, "migrate")
        folder = project.folder / "deploy/secrets"
        shown = [path.name for path in folder.iterdir() if _is_in(path.read_text().strip(), text)]
        note.add(f"{text.count(chr(10)):,} lines")
        if shown:
            raise StepFailed(f"they show {', '.join(sorted(shown))}")
        for words in UNHEARD_OF:
            if words in text:
                place = text.index(words)
                raise StepFailed(text[max(0, place - 100) : place + 1500])


def _is_in(secret: str, text: str) -> bool:
    """Of an address, its password."""
    value = urlsplit(secret).password if "://" in secret else secret
    return bool(value) and str(value) in text
