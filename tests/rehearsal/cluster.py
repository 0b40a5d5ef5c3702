"""Three nodes of RabbitMQ: restarted in turn, one lost, two lost, each under load; at the end without the journal, where the brokers alone answer."""

from __future__ import annotations

import json
from functools import partial

from schemas.topology import own_queues, queue_name
from tests.rehearsal.project import Project, lose
from tests.rehearsal.scene import Scene
from tests.rehearsal.steps import StepFailed
from tests.waiting import until

NODES = 3
WORK_QUEUE = queue_name(own_queues(1)["xendit"])  # most of the load
MEMBERS_SECONDS = 400.0
WEBHOOKS_WITHOUT_A_MAJORITY = 200
REFUSED_SECONDS = 5.0
"""For so long at most may answers but 200 be given when one node goes: providers send again what was not answered, but not for ever."""
DURABILITY = "LUNAS_INGRESS_DURABILITY"


async def ordeal(scene: Scene) -> None:
    """Everything that is done to the cluster."""
    project = scene.project
    async with scene.steps.step("every queue has three members") as note:
        queues = await _until_whole(project)
        note.add(f"{len(queues)} queues")
    await _one_node_away(scene, "", REFUSED_SECONDS)
    await scene.disturbed("two nodes of three lost, and back", partial(_lose_two, scene))
    await scene.disturbed("ingress without its journal", partial(_promises_by, scene, "broker"))
    await _one_node_away(scene, ", without the journal", None)
    await scene.disturbed("ingress with its journal again", partial(_promises_by, scene, "journal"))


async def _one_node_away(scene: Scene, how: str, refused: float | None) -> None:
    """Each in turn as an administrator restarts it, then the one on which everybody waits, as if its machine had died. `refused`: seconds for which
    anything but 200 may be answered; without, it is only said for how long."""
    project = scene.project
    for node in project.brokers():
        await scene.disturbed(
            f"rolling restart: {node}{how}", partial(_restart, scene, node), refused=refused
        )
    leader = _service(await _leader(project))
    await scene.disturbed(
        f"{leader}, which leads the work queue, is lost{how}",
        partial(lose, project, leader),
        refused=refused,
    )
    async with scene.steps.step(f"{leader} is back, with everything"):
        await project.compose("start", leader)
        await _until_whole(project)


async def _promises_by(scene: Scene, durability: str) -> None:
    """Whom ingress waits for before it answers: its own disk, or the brokers. Only ingress itself is replaced, and its log with it."""
    await scene.project.compose("logs", "--no-color", "ingress")
    scene.project.set(DURABILITY, durability)
    await scene.project.compose("up", "-d", "--no-build", "--no-deps", "ingress")


async def _restart(scene: Scene, node: str) -> None:
    """The next one only when this one has caught up: else two are behind at once."""
    await scene.project.compose("restart", node)
    await _until_whole(scene.project)


async def _lose_two(scene: Scene) -> None:
    """What is answered meanwhile is counted by the witness; nothing may be in balances that was not taken in."""
    project = scene.project
    lost = project.brokers()[1:]
    await lose(project, *lost)
    sent = scene.load.sent
    await until(lambda: scene.load.sent >= sent + WEBHOOKS_WITHOUT_A_MAJORITY, MEMBERS_SECONDS)
    for node in lost:
        await project.compose("start", node)
    await _until_whole(project)


async def _until_whole(project: Project) -> dict[str, list[str]]:
    """Members of each queue, once all of them are there and running."""
    seen: dict[str, list[str]] = {}

    async def whole() -> bool:
        nonlocal seen
        seen = await _members(project)
        return bool(seen) and all(len(members) == NODES for members in seen.values())

    try:
        await until(whole, MEMBERS_SECONDS)
    except TimeoutError as error:
        few = [f"{name}: {len(members)}" for name, members in seen.items() if len(members) != NODES]
        raise StepFailed(f"fewer than {NODES} members: {', '.join(few) or 'nobody answers'}") from error
    return seen


async def _members(project: Project) -> dict[str, list[str]]:
    """By queue: the nodes where a member runs; nothing when no node answers."""
    said = await project.control_broker(
        "-q", "list_queues", "-p", "lunas", "name", "online", "--formatter", "json"
    )
    return {queue["name"]: queue["online"] for queue in json.loads(said)} if said else {}


async def _leader(project: Project) -> str:
    said = await project.control_broker(
        "-q", "list_queues", "-p", "lunas", "name", "leader", "--formatter", "json"
    )
    return str(next(queue["leader"] for queue in json.loads(said) if queue["name"] == WORK_QUEUE))


def _service(node: str) -> str:
    """The compose service of a node: `rabbit@lunas-rabbitmq-2` is `rabbitmq-2`."""
    return node.rpartition("@")[2].removeprefix("lunas-")
