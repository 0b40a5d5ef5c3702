"""What only the broker's management API tells: bindings, policies, arguments, alarms, and messages that are taken and never finished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import aiohttp
from yarl import URL

from console.checks.finding import Finding, note, ok, problem, unseen
from console.checks.policies import policies_of
from console.messages import text
from runtime.amqp.broker import topology_of
from schemas.topology import quarantine

if TYPE_CHECKING:
    from runtime.settings import Settings

Documents = Mapping[str, list[dict[str, Any]]]

SAFE_MEMBERS = 3
"""Copies of a queue with which one node may be lost, where there are so many nodes."""


async def check_management(settings: Settings) -> AsyncIterator[Finding]:
    """Reads three lists; without an address these things are not looked at."""
    if settings.broker_management_url is None:
        yield unseen("bindings", text("doctor.management_unset"), text("doctor.management_unset.fix"))
        return
    try:
        documents = await _documents(settings)
    except aiohttp.ClientResponseError as error:
        detail = text("doctor.management_refused", status=error.status)
        yield unseen("bindings", detail, text("doctor.management_refused.fix"))
        return
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        detail = text("doctor.management_away", detail=type(error).__name__)
        yield unseen("bindings", detail, text("doctor.management_away.fix"))
        return
    for finding in (
        *_bindings(settings, documents),
        *_arguments(settings, documents),
        *policies_of(settings, documents["queues"]),
        *_unfinished(settings, documents),
        *_members(settings, documents),
        *_alarms(documents),
    ):
        yield finding


async def _documents(settings: Settings) -> Documents:
    assert settings.broker_management_url is not None  # the caller has asked
    url = URL(settings.broker_management_url.get_secret_value())
    vhost = quote(unquote(urlsplit(settings.require_broker_url()).path[1:] or "/"), safe="")
    login = {"Authorization": aiohttp.encode_basic_auth(url.user or "guest", url.password or "guest")}
    timeout = aiohttp.ClientTimeout(total=settings.probe_timeout_seconds)
    paths = {
        "queues": f"queues/{vhost}",
        "bindings": f"bindings/{vhost}",
        "nodes": "nodes",
    }
    base = str(url.with_user(None)).rstrip("/")
    async with aiohttp.ClientSession(headers=login, timeout=timeout, raise_for_status=True) as session:

        async def get(path: str) -> list[dict[str, Any]]:
            async with session.get(URL(f"{base}/api/{path}", encoded=True)) as answer:
                return list(await answer.json(content_type=None))

        answers = await asyncio.gather(*(get(path) for path in paths.values()))
    return dict(zip(paths, answers, strict=True))


def _bindings(settings: Settings, documents: Documents) -> Iterator[Finding]:
    held = {(each["source"], each["destination"], each["routing_key"]) for each in documents["bindings"]}
    missing = [
        f"{binding.exchange} → {binding.queue}"
        for shape in (topology_of(settings), quarantine())
        for binding in shape.bindings
        if (binding.exchange, binding.queue, binding.routing_key) not in held
    ]
    if missing:
        detail = text("doctor.bindings_missing", names=", ".join(missing))
        yield problem("bindings", detail, text("doctor.bindings_missing.fix"))
    else:
        yield ok("bindings", text("doctor.bindings"))


def _arguments(settings: Settings, documents: Documents) -> Iterator[Finding]:
    held = {each["name"]: each.get("arguments", {}) for each in documents["queues"]}
    different = [
        f"{queue.name}: {name} = {held[queue.name].get(name)} ({value})"
        for shape in (topology_of(settings), quarantine())
        for queue in shape.queues
        if queue.name in held
        for name, value in queue.arguments.items()
        if held[queue.name].get(name) != value
    ]
    if different:
        detail = text("doctor.arguments_different", what="; ".join(different))
        yield problem("arguments", detail, text("doctor.queues.fix"))


def _unfinished(settings: Settings, documents: Documents) -> Iterator[Finding]:
    """As much as a processor takes at once, and nothing of it finished: it hangs with its hands full."""
    stuck = [
        f"{each['name']} ({each['messages_unacknowledged']})"
        for each in documents["queues"]
        if each.get("messages_unacknowledged", 0) >= settings.processor_prefetch
        and not each.get("message_stats", {}).get("ack_details", {}).get("rate", 0)
    ]
    if stuck:
        detail = text("doctor.unfinished_messages", names=", ".join(stuck))
        yield problem("unacknowledged", detail, text("doctor.unfinished_messages.fix"))


def _members(settings: Settings, documents: Documents) -> Iterator[Finding]:
    """A queue that was declared before all nodes were there has too few copies, and goes with one of them."""
    wanted = min(SAFE_MEMBERS, len(documents["nodes"]))
    named = {queue.name for shape in (topology_of(settings), quarantine()) for queue in shape.queues}
    few = [
        f"{each['name']} ({len(each['online'])}/{wanted})"
        for each in documents["queues"]
        if each["name"] in named and "online" in each and len(each["online"]) < wanted
    ]
    if few:
        detail = text("doctor.members", names=", ".join(few))
        yield problem("members", detail, text("doctor.members.fix"))


def _alarms(documents: Documents) -> Iterator[Finding]:
    for node in documents["nodes"]:
        alarms = [
            name for name, field in (("disk", "disk_free_alarm"), ("memory", "mem_alarm")) if node.get(field)
        ]
        if alarms:
            detail = text("doctor.alarms", node=node["name"], names=", ".join(alarms))
            yield problem("alarms", detail, text("doctor.alarms.fix"))
        elif not node.get("running", True):
            yield problem("alarms", text("doctor.node_down", node=node["name"]), text("doctor.node_down.fix"))
        elif node.get("disk_free", 1) < 2 * node.get("disk_free_limit", 0):
            detail = text("doctor.disk_near", node=node["name"], free=node["disk_free"] // 2**20)
            yield note("alarms", detail, text("doctor.alarms.fix"))
