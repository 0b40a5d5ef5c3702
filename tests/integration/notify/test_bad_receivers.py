"""Receivers that answer slowly, redirect, lead inside, stream for ever or lie, all at once, beside good ones: each harms itself alone."""

from __future__ import annotations

from contextlib import AsyncExitStack

from notify.dispatching import Dispatcher
from notify.endpoints import Endpoint
from notify.metrics import NotifyMetrics
from notify.outcome import Outcome
from notify.signing import signing_keys
from notify.webhooks import ToSend, WebhookSender
from runtime.database import Connection, Pool
from runtime.metrics import new_registry
from tests.integration.notify.sending import due, states
from tests.unit.notify.test_webhooks import Answering, configured, endless, saying, served
from tests.waiting import until

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
EACH = 6

BAD: dict[str, tuple[Answering, str | None]] = {
    "ep_silent": (saying(hang=True), "timeout"),
    "ep_slow_headers": (saying(b"HTTP/1.1 200 OK\r\nX-Slow: ", hang=True), "timeout"),
    "ep_redirects": (saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"), "redirects"),
    "ep_lies": (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmore than five"), "no_answer"),
    "ep_nonsense": (saying(b"nonsense\r\n\r\n"), "no_answer"),
    "ep_endless": (endless, None),
    "ep_claims_more": (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nlies", hang=True), None),
}
"""What each answers, and why it is not taken; None: its status said yes, and the rest of the answer is let alone."""

ENDLESS = {name for name, (_, trouble) in BAD.items() if trouble == "timeout"}


async def test_bad_receivers_harm_no_other_delivery(pool: Pool) -> None:
    given = configured(notify_connect_timeout_seconds=30.0)
    sender = WebhookSender(given, signing_keys(given))
    # For those that have no end: the others never run out of time, on no machine.
    hasty = WebhookSender(configured(notify_timeout_seconds=1.0), signing_keys(given))

    async def send(message: ToSend, endpoint: Endpoint) -> Outcome:
        return await (hasty if endpoint.endpoint_id in ENDLESS else sender).send(message, endpoint)

    one = Dispatcher(given, send, None, NotifyMetrics(new_registry()))
    async with AsyncExitStack() as stack, pool.acquire() as connection:
        stack.push_async_callback(sender.close)
        stack.push_async_callback(hasty.close)
        stack.push_async_callback(one.close)
        urls = {"ep_inside": "http://169.254.169.254/latest"}
        for name, (answer, _) in BAD.items():
            urls[name] = f"http://127.0.0.1:{await stack.enter_async_context(served(answer))}/hooks"
        for name in ("ep_good_1", "ep_good_2"):
            urls[name] = f"http://127.0.0.1:{await stack.enter_async_context(served(saying(TAKEN)))}/hooks"
        for name, url in urls.items():
            await connection.execute(
                "INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by)"
                " VALUES ($1, '', $2, '{payment.received}', $3, 's')",
                name, url, signing_keys(given).newest,
            )  # fmt: skip
            await due(connection, name, EACH)

        async def done() -> bool:
            await one.turn(connection)
            good = [await states(connection, name) for name in ("ep_good_1", "ep_good_2")]
            return all(state == [("delivered", 1, None)] * EACH for state in good)

        await until(done)
        # And what became of the bad ones is told by its name.
        for name, (_, trouble) in BAD.items():
            await until(lambda name=name: _tried(one, connection, name))
            told = {state[2] for state in await states(connection, name) if state[1]}
            assert told - {None} <= {trouble}, name
            delivered = [state for state in await states(connection, name) if state[0] == "delivered"]
            assert bool(delivered) == (trouble is None), name
        inside = {state[2] for state in await states(connection, "ep_inside") if state[1]}
        assert inside <= {"private_address", None}


async def _tried(one: Dispatcher, connection: Connection, name: str) -> bool:
    """Until something came of an attempt at it."""
    await one.turn(connection)
    found = await states(connection, name)
    return any(status == "delivered" or trouble is not None for status, _, trouble in found)
