"""`python -m tests.rehearsal [--profile NAME]`: the deployment in containers, run for real.

Exit code 0 when everything was as it must be, 1 when something was not, 3 when no container can be run here (and that is said). `--can` only
says whether one can.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.ports import held_ports
from tests.rehearsal import cluster, copies, course, restore, standby, twice
from tests.rehearsal.engine import Engine, NotHere, build, find_engine, have_images, remove_images
from tests.rehearsal.project import DOORS, Project
from tests.rehearsal.scene import Scene, scene
from tests.rehearsal.steps import CommandFailed, Steps

NOT_RUN = 3
RATE_PER_SECOND = 20.0


@dataclass(frozen=True)
class Profile:
    """A way to deploy: compose files beside the first one, words for `deploy.make_secrets`, and what is done to it under load."""

    overlays: Sequence[str]
    make: Sequence[str]
    ordeal: Callable[[Scene], Awaitable[None]]
    finale: Callable[[Scene], Awaitable[None]] | None = None
    """What is done at the end, when the newer version runs."""


async def _one(scene: Scene) -> None:
    await course.restart_each(scene, scene.project.services())


PROFILES: dict[str, Profile] = {
    "one": Profile((), (), _one),
    "cluster": Profile(
        ("compose.cluster.yaml",),
        ("--broker", "rabbitmq:5672,rabbitmq-2:5672,rabbitmq-3:5672"),
        cluster.ordeal,
    ),
    "standby": Profile(
        ("compose.standby.yaml",),
        ("--database", "postgres:5432,postgres-2:5432/lunas?target_session_attrs=read-write"),
        standby.ordeal,
        standby.reads,
    ),
    "restore": Profile((), (), restore.ordeal),
}
IMAGE = "image"
"""In a profile's place: nothing is deployed, the image is built twice and compared."""


@dataclass(frozen=True)
class Wish:
    """`before` is the commit that runs first, and is upgraded from."""

    profile: str
    before: str
    rate: float
    seed: int
    postgres: str
    rabbitmq: str


async def rehearse(wish: Wish, project: Project, steps: Steps) -> None:
    """Everything, from images to the verdict; the caller takes it down."""
    profile = PROFILES[wish.profile]
    new, old = project.home / "new", project.folder
    images = {age: f"lunas-rehearsal:{project.name[-8:]}-{age}" for age in ("old", "new")}
    copies.of_checkout(new)
    before = _previous(wish, profile, old, steps)
    first = "old" if before else "new"
    if not before:
        copies.replace_version(new, old)
    for age, folder in (("old", old), ("new", new)):
        if age == "new" or before:
            async with steps.step(f"image of {before if age == 'old' else 'the checkout'}"):
                await asyncio.to_thread(build, project.engine, folder, images[age])
    if steps.broken:
        return
    project.prepare(images[first])
    await course.bring_up(project, steps)
    if steps.broken:
        return
    async with scene(project, steps, wish.rate, wish.seed) as played:
        async with steps.step("the witness sends, balances follow") as note:
            await played.start_load()
            note.add(
                f"{wish.rate:g} webhooks a second; usually in balances within {played.probe.usual:.2f} s"
            )
        await played.top_up()
        await course.look(played)
        await profile.ordeal(played)
        await course.logs_are_clean(played)
        if before:
            await course.upgrade(played, new, images["new"], f"from {before}")
            await played.top_up()
        if profile.finale is not None:
            await profile.finale(played)
        await course.look(played)
        await played.judged()
        await course.verified(played)
        await course.logs_are_clean(played)


def _previous(wish: Wish, profile: Profile, folder: Path, steps: Steps) -> str:
    """The commit that is upgraded from, its files in `folder`; empty when there is none to be had."""
    try:
        before = copies.of_commit(wish.before, folder)
    except copies.NoSuchVersion as error:
        steps.skip("upgrade under load", str(error))
    else:
        missing = [name for name in profile.overlays if not (folder / "deploy" / name).is_file()]
        if not missing:
            return before
        steps.skip("upgrade under load", f"{before} has no deploy/{missing[0]}")
    shutil.rmtree(folder, ignore_errors=True)
    return ""


def foreign_images(wish: Wish) -> dict[str, str]:
    """Images that are not ours, by service: what the compose file names, or what was wished for."""
    text = (copies.ROOT / "deploy/compose.yaml").read_text()
    named = dict(re.findall(r"^ +image: ((?:postgres|rabbitmq)):(\S+)$", text, re.MULTILINE))
    return {
        "postgres": wish.postgres or f"postgres:{named['postgres']}",
        "rabbitmq": wish.rabbitmq or f"rabbitmq:{named['rabbitmq']}",
    }


def base_image() -> str:
    (found,) = re.findall(
        r"^ARG PYTHON_IMAGE=(\S+)$", (copies.ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE
    )
    return str(found)


async def take_down(project: Project, keep: bool) -> None:
    """Containers, networks, volumes and images; also after Ctrl-C. The logs stay where something was wrong."""
    if keep:
        try:
            await project.compose("logs", "--no-color")
        except CommandFailed as error:
            print(error, file=sys.stderr)
    await project.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "5")
    await asyncio.to_thread(
        remove_images, [f"lunas-rehearsal:{project.name[-8:]}-{age}" for age in ("old", "new")]
    )


def main(words: Sequence[str]) -> int:
    """Runs once; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__)
    parser.add_argument("--can", action="store_true", help="only say whether containers can be run here")
    parser.add_argument("--profile", choices=[*PROFILES, IMAGE], default="one")
    parser.add_argument("--from", dest="before", default="HEAD~1", help="the commit to upgrade from")
    parser.add_argument("--rate", type=float, default=RATE_PER_SECOND, help="webhooks a second")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--postgres", default="", help="another image, such as postgres:15.14-bookworm")
    parser.add_argument("--rabbitmq", default="", help="another image, such as rabbitmq:3.13.7")
    given = parser.parse_args(words)
    wish = Wish(given.profile, given.before, given.rate, given.seed, given.postgres, given.rabbitmq)
    try:
        engine = find_engine()
        have_images([base_image(), *([] if given.profile == IMAGE else foreign_images(wish).values())])
    except NotHere as error:
        print(f"The rehearsal was not run: {error}.")
        return NOT_RUN
    if given.can:
        return 0
    if given.profile == IMAGE:
        return _ended(asyncio.run(twice.built_twice(engine)), f"make rehearse PROFILE={IMAGE}")
    return _run_in_a_home(wish, engine)


def _run_in_a_home(wish: Wish, engine: Engine) -> int:
    steps = Steps()
    # Whoever ends it, by either signal, leaves nothing running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        ports = dict(zip(DOORS, stack.enter_context(held_ports(len(DOORS))), strict=True))
        project = _project(wish, engine, ports)
        try:
            asyncio.run(rehearse(wish, project, steps))
        except KeyboardInterrupt:
            steps.broken.append("ended from outside")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            asyncio.run(taken_down(project, steps))
    if steps.broken:
        print(f"What was said is in {project.home}.")
    else:
        shutil.rmtree(project.home, ignore_errors=True)
    return _ended(steps, f"make rehearse PROFILE={wish.profile} SEED={wish.seed}")


def _ended(steps: Steps, again: str) -> int:
    """The last words, and the exit code."""
    for each in steps.broken:
        print(f"BROKEN {each}")
    print(
        f"{steps.done} steps were as they must be, {len(steps.broken)} were not, {len(steps.not_run)} were not run"
    )
    if steps.broken:
        print(f"Again: {again}")
    return 1 if steps.broken else 0


def _project(wish: Wish, engine: Engine, ports: dict[str, int]) -> Project:
    profile, foreign = PROFILES[wish.profile], foreign_images(wish)
    home = Path(tempfile.mkdtemp(prefix="lunas-rehearsal-"))
    print(
        f"profile {wish.profile}, seed {wish.seed}, {foreign['postgres']}, {foreign['rabbitmq']}; {home}",
        flush=True,
    )
    name = f"lunas-rehearsal-{secrets.token_hex(4)}"
    project = Project(name, home, engine, ports, profile.overlays, profile.make)
    wished = {"postgres": wish.postgres, "rabbitmq": wish.rabbitmq}
    project.wished = {kind: image for kind, image in wished.items() if image}
    return project


async def taken_down(project: Project, steps: Steps) -> None:
    """The last step."""
    async with steps.step("taken down"):
        await take_down(project, bool(steps.broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
