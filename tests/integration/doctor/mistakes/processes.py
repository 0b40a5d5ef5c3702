"""Processes that are away, hang, or are another program."""

from __future__ import annotations

from tests.integration.doctor.conftest import World
from tests.integration.doctor.mistakes.table import (
    mistake,
)


@mistake("provider", "api does not call xendit for a while", "lunas doctor xendit")
async def a_provider_is_left_alone(world: World) -> None:
    status, document = world.processes.answers["api"]
    notes = {"left_alone.xendit": "open"}
    world.processes.answers["api"] = (status, document | {"notes": notes})


@mistake("process", "processor does not answer", "lunas run processor")
async def a_process_that_is_away(world: World) -> None:
    address = f"processor=127.0.0.1:{world.processes.ports['processor']}"
    peers = ",".join(f"{name}=127.0.0.1:{port}" for name, port in world.processes.ports.items())
    world.set(LUNAS_PEERS=peers.replace(address, "processor=127.0.0.1:1"))


@mistake("process", "api runs but answers nothing", "")
async def a_process_that_hangs(world: World) -> None:
    world.set(LUNAS_PROBE_TIMEOUT_SECONDS=5)  # the others answer, and must be given the time
    world.processes.hanging.add("api")


@mistake("process", "ingress runs but is not ready (broker", "")
async def a_process_that_waits(world: World) -> None:
    world.processes.say("ingress", "broker")


@mistake("process", "something else answers", "ss -ltnp")
async def a_port_that_somebody_else_has(world: World) -> None:
    world.processes.answers["console"] = (200, {"hello": "I am something else"})
