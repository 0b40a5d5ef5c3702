"""What only the management API of the broker tells, from a stand-in that answers as RabbitMQ does."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from console.exits import PROBLEMS
from runtime.amqp.broker import topology_of
from runtime.settings import load_settings
from schemas.topology import quarantine, queue_name, retry_name
from tests.integration.doctor.conftest import World


def sound() -> dict[str, list[dict[str, Any]]]:
    """The lists of a broker that holds exactly our topology (https://www.rabbitmq.com/docs/management#http-api)."""
    shapes = (topology_of(load_settings()), quarantine())
    return {
        "queues": [
            {
                "name": queue.name,
                "arguments": dict(queue.arguments),
                "messages_unacknowledged": 0,
                "policy": None,
                "operator_policy": None,
                "effective_policy_definition": {},
            }
            for shape in shapes
            for queue in shape.queues
        ],
        "bindings": [
            {"source": each.exchange, "destination": each.queue, "routing_key": each.routing_key}
            for shape in shapes
            for each in shape.bindings
        ],
        "nodes": [{"name": "rabbit@one", "running": True, "disk_free": 10**11, "disk_free_limit": 10**9}],
    }


def queue(held: dict[str, list[dict[str, Any]]], name: str) -> dict[str, Any]:
    return next(each for each in held["queues"] if each["name"] == name)


def another_length(held: dict[str, list[dict[str, Any]]]) -> None:
    queue(held, retry_name(30))["arguments"]["x-message-ttl"] = 1000


def no_binding(held: dict[str, list[dict[str, Any]]]) -> None:
    held["bindings"] = [each for each in held["bindings"] if each["destination"] != queue_name(0)]


def governed(held: dict[str, list[dict[str, Any]]], name: str, **definition: Any) -> None:
    """A policy of that queue."""
    said = {key.replace("_", "-"): value for key, value in definition.items()}
    queue(held, name).update(policy="short", effective_policy_definition=said)


def a_policy(held: dict[str, list[dict[str, Any]]]) -> None:
    governed(held, queue_name(0), max_length=10)


def a_policy_of_delivery(held: dict[str, list[dict[str, Any]]]) -> None:
    governed(held, queue_name(0), delivery_limit=1)


def hands_full(held: dict[str, list[dict[str, Any]]]) -> None:
    queue(held, queue_name(0))["messages_unacknowledged"] = 600


def a_full_disk(held: dict[str, list[dict[str, Any]]]) -> None:
    held["nodes"][0]["disk_free_alarm"] = True


def a_node_down(held: dict[str, list[dict[str, Any]]]) -> None:
    held["nodes"][0]["running"] = False


def too_few_copies(held: dict[str, list[dict[str, Any]]]) -> None:
    """Three nodes, and a queue that was there before two of them."""
    nodes = [f"rabbit@{name}" for name in ("one", "two", "three")]
    held["nodes"] = [{"name": name, "running": True} for name in nodes]
    for each in held["queues"]:
        each |= {"members": nodes, "online": nodes}
    queue(held, queue_name(0)).update(members=nodes[:1], online=nodes[:1])


MISTAKES = {
    "members": (too_few_copies, f"{queue_name(0)} (1/3)"),
    "arguments": (another_length, "x-message-ttl = 1000"),
    "bindings": (no_binding, queue_name(0)),
    "policies": (a_policy, "short"),
    "policies of delivery": (a_policy_of_delivery, "delivery-limit = 1"),
    "unacknowledged": (hands_full, "(600)"),
    "alarms": (a_full_disk, "disk"),
    "alarms of a node": (a_node_down, "rabbit@one is down"),
}


@pytest.fixture
async def managed(healthy: World) -> tuple[World, dict[str, list[dict[str, Any]]]]:
    held = sound()

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(held[request.match_info["what"]])

    app = web.Application()
    app.add_routes([web.get("/api/{what}", answer), web.get("/api/{what}/{vhost}", answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    healthy.stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    healthy.set(LUNAS_BROKER_MANAGEMENT_URL=f"http://watcher:hush@127.0.0.1:{runner.addresses[0][1]}")
    return healthy, held


async def test_a_sound_broker_has_nothing_left_that_was_not_looked_at(
    managed: tuple[World, dict[str, list[dict[str, Any]]]],
) -> None:
    seen = await managed[0].doctor()
    assert seen.states("problem") == seen.states("not_looked_at") == []
    assert "bindings: every binding is there" in seen.states("ok")


@pytest.mark.parametrize("check", MISTAKES)
async def test_doctor_names_what_amqp_does_not_show(
    managed: tuple[World, dict[str, list[dict[str, Any]]]], check: str
) -> None:
    world, held = managed
    plant, said = MISTAKES[check]
    plant(held)
    seen = await world.doctor()
    [told] = [
        each
        for each in seen.checks
        if each["check"] == check.partition(" ")[0] and each["state"] in ("problem", "note")
    ]
    assert said in told["detail"]
    assert told["fix"]


async def test_an_operators_policy_that_can_lose_accepted_webhooks_is_a_problem(
    managed: tuple[World, dict[str, list[dict[str, Any]]]],
) -> None:
    world, held = managed
    governed(held, queue_name(0), max_length=10, overflow="drop-head")
    queue(held, queue_name(0)).update({"policy": None, "operator_policy": "theirs"})
    seen = await world.doctor()
    [told] = [each for each in seen.checks if each["check"] == "policies"]
    assert (told["state"], seen.code) == ("problem", PROBLEMS)
    assert f"theirs ({queue_name(0)}: " in told["detail"]


async def test_a_management_api_that_is_away_is_not_a_failure_of_the_broker(healthy: World) -> None:
    healthy.set(LUNAS_BROKER_MANAGEMENT_URL="http://watcher:hush@127.0.0.1:1")
    seen = await healthy.doctor()
    assert seen.states("problem") == []
    assert [each for each in seen.states("not_looked_at") if each.startswith("bindings")]
    assert "hush" not in str(seen.checks)
