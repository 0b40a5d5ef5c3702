"""`lunas endpoints`: where applications are sent webhooks."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import click

from console.acts import Act, Done, already, record, tell
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Group
from console.messages import text, value
from console.options import actor, as_json, asynchronous, limit, never_asked, yes
from console.output import print_data, print_json
from console.safety import confirm
from console.store import open_store
from console.tables import count, plain, print_rows, told, when
from console.target import load_target
from console.times import short_moment
from eventstore.queries import load
from notify.addresses import may_reach, trouble_with
from notify.kinds import KINDS
from notify.signing import signing_keys
from runtime.ids import uuid7

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

LOOK_UP_SECONDS = 5.0
SEEN_SECONDS = 0.1  # between looks at what became of a test
EVERY = "all"

reason = click.option("--reason", default="", help="Why, in your own words; kept in the audit record.")


EndpointState = Literal["working", "failing", "quiet", "disabled"]


@click.group(cls=Group)
def endpoints() -> None:
    """Addresses of applications that are sent signed webhooks, by Standard Webhooks: what was paid, held, refunded, renewed."""


@endpoints.command("create")
@click.argument("url")
@click.option(
    "--events",
    required=True,
    help="Kinds it is sent, separated by commas, or `all`: see docs/notifications.md.",
)
@click.option("--application", default="", help="Whose endpoint it is, in your own words.")
@reason
@never_asked
@as_json
@asynchronous
async def create(url: str, events: str, application: str, reason: str, as_json: bool) -> int:
    """Make an endpoint and show its secret, this once. Decisions from now on are sent to it."""
    settings = load_target()
    kinds = _kinds(events)
    await _check(url, settings)
    async with open_store(settings) as connection:
        made = await make_endpoint(connection, settings, url, kinds, application, reason)
    if as_json:
        print_json(made._asdict())
        return FINE
    print_data(made.secret)
    print_data(text("endpoints.created", endpoint_id=made.endpoint_id, events=", ".join(kinds)))
    print_data(text("act.recorded", act_id=made.act_id))
    print_data(text("act.undo", undo=made.undo))
    return FINE


class MadeEndpoint(NamedTuple):
    """A new endpoint, and what is told of it."""

    endpoint_id: str
    secret: str
    application: str
    url: str
    events: list[str]
    act_id: UUID
    undo: str


async def make_endpoint(
    connection: Connection, settings: Settings, url: str, kinds: list[str], application: str, reason: str
) -> MadeEndpoint:
    """One that was checked, with its secret and an audit record."""
    keys = signing_keys(settings)
    endpoint_id = f"ep_{secrets.token_hex(16)}"
    secret = keys.shown(keys.newest, endpoint_id, 1)
    undo = f"lunas endpoints remove {endpoint_id}"
    after = {"application": application, "url": url, "events": kinds}
    async with connection.transaction():
        await connection.execute(_SQL["add"], endpoint_id, application, url, kinds, keys.newest, actor())
        act_id = await record(connection, Act("endpoints.create", endpoint_id, reason, undo, after=after))
    return MadeEndpoint(endpoint_id, secret, application, url, kinds, act_id, undo)


@endpoints.command("list")
@limit
@as_json
@asynchronous
async def list_endpoints(limit: int, as_json: bool) -> int:
    """List endpoints, newest first: what they are sent, what waits for them, and whether they take it."""
    async with open_store(load_target()) as connection:
        found = await connection.fetch(_SQL["endpoints"], limit)
    rows = [dict(row) | {"state": _state(dict(row))} for row in found]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("endpoints.none"))
        return FINE
    print_rows(rows, ENDPOINTS)
    return FINE


def _state(row: Mapping[str, Any]) -> EndpointState:
    if row["disabled_at"] is not None:
        return "disabled"
    if row["quiet_until"] is not None:
        return "quiet"
    return "working" if row["failing_since"] is None else "failing"


def _events(row: Mapping[str, Any]) -> str:
    return text("endpoints.all") if len(row["events"]) == len(KINDS) else ", ".join(row["events"])


def _state_in_words(row: Mapping[str, Any]) -> str:
    if row["disabled_at"] is not None:
        because = text(f"endpoints.because_{row['disabled_because']}")
        return text("endpoints.disabled_since", since=short_moment(row["disabled_at"]), because=because)
    if row["quiet_until"] is not None:
        return text("endpoints.quiet_until", until=short_moment(row["quiet_until"]))
    if row["failing_since"] is not None:
        return text("endpoints.failing_since", since=short_moment(row["failing_since"]))
    return ""


ENDPOINTS = (
    plain("endpoint_id"),
    plain("application"),
    plain("url"),
    told("events", _events),
    count("waiting"),
    when("created_at"),
    told("state", _state_in_words),
)


@endpoints.command("rotate")
@click.argument("endpoint_id")
@reason
@yes
@as_json
@asynchronous
async def rotate(endpoint_id: str, reason: str, yes: bool, as_json: bool) -> int:
    """Give an endpoint a new secret and show it, this once. Both sign for LUNAS_NOTIFY_ROTATION_HOURS."""
    settings = load_target()
    keys = signing_keys(settings)
    async with open_store(settings) as connection:
        confirm(text("endpoints.rotate_question", endpoint_id=endpoint_id), yes=yes, harmless=True)
        async with connection.transaction():
            before = await _endpoint(connection, endpoint_id)
            row = await connection.fetchrow(
                _SQL["rotate"], endpoint_id, keys.newest, settings.notify_rotation_hours
            )
            if row is None:
                raise WrongUse(text("endpoints.unknown", endpoint_id=endpoint_id))
            undo = text("endpoints.no_undo")
            after = {"generation": row["generation"], "earlier_until": row["earlier_until"]}
            act = Act(
                "endpoints.rotate",
                endpoint_id,
                reason,
                undo,
                before={"generation": before["generation"]},
                after=after,
            )
            act_id = await record(connection, act)
    secret = keys.shown(keys.newest, endpoint_id, row["generation"])
    if as_json:
        print_json({"endpoint_id": endpoint_id, "secret": secret, **after, "act_id": act_id, "undo": undo})
        return FINE
    print_data(secret)
    until = short_moment(row["earlier_until"])
    print_data(text("endpoints.rotated", endpoint_id=endpoint_id, until=until))
    print_data(text("act.recorded", act_id=act_id))
    print_data(text("act.undo", undo=undo))
    return FINE


@endpoints.command("disable")
@click.argument("endpoint_id")
@reason
@yes
@as_json
@asynchronous
async def disable(endpoint_id: str, reason: str, yes: bool, as_json: bool) -> int:
    """Send nothing to an endpoint until it is enabled again. What comes meanwhile waits for it."""
    return await _change(
        "disable", endpoint_id, reason, f"lunas endpoints enable {endpoint_id}", yes, as_json
    )


@endpoints.command("enable")
@click.argument("endpoint_id")
@reason
@yes
@as_json
@asynchronous
async def enable(endpoint_id: str, reason: str, yes: bool, as_json: bool) -> int:
    """Send to an endpoint again, at once what has waited for it."""
    return await _change(
        "enable", endpoint_id, reason, f"lunas endpoints disable {endpoint_id}", yes, as_json, "hurry"
    )


@endpoints.command("remove")
@click.argument("endpoint_id")
@reason
@yes
@as_json
@asynchronous
async def remove(endpoint_id: str, reason: str, yes: bool, as_json: bool) -> int:
    """Remove an endpoint for good. What waits for it is not sent."""
    return await _change(
        "remove", endpoint_id, reason, text("endpoints.no_undo_remove"), yes, as_json, "drop_waiting"
    )


@endpoints.command("test")
@click.argument("endpoint_id")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0, 60),
    default=5.0,
    show_default=True,
    help="Seconds to wait for what becomes of it.",
)
@as_json
@asynchronous
async def test(endpoint_id: str, seconds: float, as_json: bool) -> int:
    """Send an endpoint a webhook that means nothing, `endpoint.test`, and see what becomes of it."""
    event_id = uuid7()
    async with open_store(load_target()) as connection:
        async with connection.transaction():
            found = await _endpoint(connection, endpoint_id)
            if found["disabled_at"] is not None:
                raise WrongUse(text("endpoints.is_disabled", endpoint_id=endpoint_id))
            await connection.execute(_SQL["test"], event_id, endpoint_id, str(event_id), '{"test":true}')
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while True:
            row = await connection.fetchrow(_SQL["one"], event_id, endpoint_id)
            seen = {} if row is None else dict(row)
            if seen.get("status") != "waiting" or seen.get("trouble") is not None or clock() >= until:
                break
            await asyncio.sleep(SEEN_SECONDS)
    taken = seen.get("status") == "delivered"
    if as_json:
        print_json({**seen, "message_id": f"msg_{event_id.hex}"})
        return FINE if taken else PROBLEMS
    if taken:
        print_data(text("endpoints.test_taken", answered=seen["answered"]))
    elif seen.get("trouble") is None:
        print_data(text("endpoints.test_waits"))
    else:
        trouble = text("endpoints.trouble", trouble=value(seen["trouble"]), answered=seen["answered"] or "–")
        print_data(trouble)
    return FINE if taken else PROBLEMS


async def _change(
    verb: str, endpoint_id: str, reason: str, undo: str, yes: bool, as_json: bool, besides: str | None = None
) -> int:
    async with open_store(load_target()) as connection:
        final = verb == "remove"
        question = text(f"endpoints.{verb}_question", endpoint_id=endpoint_id)
        confirm(question, yes=yes, harmless=not final)
        async with connection.transaction():
            before = await _to_change(connection, verb, endpoint_id)
            await connection.execute(_SQL[verb], endpoint_id)
            if besides is not None:
                await connection.execute(_SQL[besides], endpoint_id)
            kept = {"disabled_at": before["disabled_at"], "disabled_because": before["disabled_because"]}
            act_id = await record(
                connection, Act(f"endpoints.{verb}", endpoint_id, reason, undo, before=kept)
            )
    tell([Done(text(f"endpoints.{verb}d", endpoint_id=endpoint_id), act_id, undo)], as_json=as_json)
    return FINE


async def _to_change(connection: Connection, verb: str, endpoint_id: str) -> Mapping[str, Any]:
    """Raises Refused when it is so already by somebody's act, WrongUse when by nobody's or when there is none."""
    act = f"endpoints.{verb}"
    try:
        before = await _endpoint(connection, endpoint_id)
    except WrongUse as unknown:
        raise await already(connection, act, endpoint_id, unknown) from None
    # Enabled again is also who asked to be left alone, and is ready sooner.
    is_sent_to = before["disabled_at"] is None and not (verb == "enable" and before["quiet"])
    if verb != "remove" and is_sent_to == (verb == "enable"):
        so = "endpoints.is_disabled" if verb == "disable" else "endpoints.is_enabled"
        raise await already(connection, act, endpoint_id, WrongUse(text(so, endpoint_id=endpoint_id)))
    return before


async def _endpoint(connection: Connection, endpoint_id: str) -> Mapping[str, Any]:
    """Raises WrongUse when there is none."""
    row = await connection.fetchrow(_SQL["endpoint"], endpoint_id)
    if row is None:
        raise WrongUse(text("endpoints.unknown", endpoint_id=endpoint_id))
    return dict(row)


def _kinds(events: str) -> list[str]:
    wanted = [part.strip() for part in events.split(",") if part.strip()]
    if wanted == [EVERY]:
        return list(KINDS)
    unknown = [one for one in wanted if one not in KINDS]
    if unknown or not wanted:
        raise WrongUse(text("endpoints.unknown_kind", unknown=", ".join(unknown), kinds=", ".join(KINDS)))
    return [kind for kind in KINDS if kind in wanted]


async def _check(url: str, settings: Settings) -> None:
    """Raises WrongUse for an address that nothing would be sent to. What its name resolves to may change: each connection looks again."""
    private = settings.endpoints_private == "allow"
    trouble = trouble_with(url, private=private)
    if trouble is None and not await _reachable(urlsplit(url).hostname or "", private=private):
        trouble = "private_address"
    if trouble is not None:
        raise WrongUse(text(f"endpoints.url_{trouble}"))


async def _reachable(host: str, *, private: bool) -> bool:
    """False when all that a name resolves to here are addresses of our own network."""
    look_up = asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            found = await look_up
    except (TimeoutError, OSError):
        return True  # nobody knows it here, or not yet
    return any(may_reach(str(each[4][0]), private=private) for each in found)


_SQL = load("notifications.sql", "console")
