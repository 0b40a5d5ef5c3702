"""`lunas endpoints` and `lunas notifications`: secrets are shown once, what waits is never lost by mistake, and every act is on record."""

from __future__ import annotations

import json
import uuid
from typing import Any

import asyncpg
import pytest

from console import exits
from notify.endpoints import endpoints
from notify.signing import signing_keys
from runtime.settings import load_settings
from tests.integration.console.conftest import Run

URL = "https://93.184.216.34/hooks"
"""An address of the internet, written as one: nobody is asked for a name."""


async def made(lunas: Run, *words: str) -> dict[str, Any]:
    done = await lunas("endpoints", "create", URL, "--events", "payment.received", *words, "--json")
    assert done.code == exits.FINE, done.err
    document: dict[str, Any] = done.json
    return document


async def told(store: asyncpg.Connection, receiver: str, status: str, **more: Any) -> uuid.UUID:
    """A notification in this state."""
    event_id = uuid.uuid4()
    kind, attempts = more.get("kind", "payment.received"), more.get("attempts", 1)
    await store.execute(
        "INSERT INTO notifications (event_id, receiver, position, kind, subject, customer_id, occurred_at, data, status, attempts, due_at,"
        " settled_at) VALUES ($1, $2, 1, $3, $4, 'budi', clock_timestamp(), '{}', $5, $6, clock_timestamp() + interval '1 day',"
        " CASE WHEN $5 = 'waiting' THEN NULL ELSE clock_timestamp() END)",
        event_id, receiver, kind, str(event_id), status, attempts,
    )  # fmt: skip
    return event_id


async def states(store: asyncpg.Connection) -> dict[uuid.UUID, tuple[str, int, bool]]:
    rows = await store.fetch(
        "SELECT event_id, status, attempts, due_at <= clock_timestamp() AS due FROM notifications"
    )
    return {row["event_id"]: (row["status"], row["attempts"], row["due"]) for row in rows}


async def test_a_secret_signs_as_long_as_was_promised_also_when_the_next_one_is_rotated(
    lunas: Run, store: asyncpg.Connection
) -> None:
    """Whoever rotated twice, because the first new secret went astray, cut the application off at once."""
    first = await made(lunas)
    name = first["endpoint_id"]
    secrets = [first["secret"]]
    for _ in range(3):
        done = await lunas("endpoints", "rotate", name, "--reason", "once more", "--yes", "--json")
        secrets.append(done.json["secret"])
    keys = signing_keys(load_settings())

    async def signing() -> list[str]:
        now = await store.fetchval("SELECT clock_timestamp()")
        one = (await endpoints(store))[name]
        return [keys.shown(key, name, number) for key, number in one.secrets(now)]

    assert await signing() == secrets[::-1]
    await store.execute("UPDATE endpoints SET earlier_until = clock_timestamp() - interval '1 s'")
    assert await signing() == [secrets[3], secrets[1], secrets[0]]
    # What is over is not kept.
    await lunas("endpoints", "rotate", name, "--reason", "once more", "--yes", "--json")
    assert len(await signing()) == 4
    assert await store.fetchval("SELECT jsonb_array_length(still_signing) FROM endpoints") == 2


async def test_who_asked_to_be_left_alone_is_shown_and_sent_to_sooner_by_enabling_it(
    lunas: Run, store: asyncpg.Connection
) -> None:
    name = (await made(lunas))["endpoint_id"]
    mine = await told(store, name, "waiting")
    await store.execute("UPDATE endpoints SET quiet_until = clock_timestamp() + interval '1 hour'")
    assert "asked to be left alone until" in (await lunas("endpoints", "list")).out
    assert (await lunas("endpoints", "list", "--json")).json["items"][0]["quiet_until"]
    done = await lunas("endpoints", "enable", name, "--reason", "it is ready, they say", "--yes")
    assert done.code == exits.FINE, done.err
    assert (await endpoints(store))[name].quiet_seconds == 0.0
    assert (await states(store))[mine] == ("waiting", 0, True)
    assert (await lunas("endpoints", "list", "--json")).json["items"][0]["quiet_until"] is None
    again = await lunas("endpoints", "enable", name, "--reason", "once more", "--yes")
    assert again.code == exits.REFUSED, again.out


async def test_what_was_for_an_endpoint_that_was_removed_is_not_sent_again(
    lunas: Run, store: asyncpg.Connection
) -> None:
    """It waited for ever, and was counted as late."""
    gone, there = (await made(lunas))["endpoint_id"], (await made(lunas))["endpoint_id"]
    mine = await told(store, gone, "failed")
    await told(store, there, "failed")
    assert (await lunas("endpoints", "remove", gone, "--yes", "--reason", "moved")).code == exits.FINE
    done = await lunas("notifications", "replay", "--status", "failed", "--reason", "they are back", "--yes")
    assert done.code == exits.FINE, done.err
    assert sorted(state for state, _, _ in (await states(store)).values()) == ["failed", "waiting"]
    alone = await lunas("notifications", "replay", str(mine), "--reason", "again", "--yes")
    assert alone.code == exits.WRONG_USE


async def test_a_secret_is_shown_once_and_kept_nowhere(lunas: Run, store: asyncpg.Connection) -> None:
    first = await made(lunas, "--application", "shop", "--reason", "the shop listens")
    listed = await lunas("endpoints", "list", "--json")
    (item,) = listed.json["items"]
    assert (item["endpoint_id"], item["application"], item["url"]) == (first["endpoint_id"], "shop", URL)
    tables = [
        row["tablename"]
        for row in await store.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'lunas'")
    ]
    kept = [str(await store.fetch(f'SELECT * FROM lunas."{name}"')) for name in tables]
    assert first["secret"] not in "".join(kept) + listed.out
    act = await store.fetchrow(
        "SELECT verb, target, reason, actor FROM operator_acts WHERE act_id = $1", uuid.UUID(first["act_id"])
    )
    assert tuple(act) == ("endpoints.create", first["endpoint_id"], "the shop listens", "sari")
    assert first["undo"] == f"lunas endpoints remove {first['endpoint_id']}"


@pytest.mark.parametrize(
    ("url", "events"),
    [
        ("http://93.184.216.34/hooks", "all"), ("https://127.0.0.1/hooks", "all"), ("https://[::ffff:10.0.0.1]/hooks", "all"),
        ("https://169.254.169.254/latest", "all"), ("https://user:pw@93.184.216.34/", "all"), ("hooks", "all"), (URL, "payment.lost"), (URL, ""),
    ],
)  # fmt: skip
async def test_what_could_never_be_sent_is_refused_at_once(
    lunas: Run, store: asyncpg.Connection, url: str, events: str
) -> None:
    done = await lunas("endpoints", "create", url, "--events", events)
    assert done.code == exits.WRONG_USE
    assert "pw" not in done.err.replace(url, "")
    assert await store.fetchval("SELECT count(*) FROM endpoints") == 0


async def test_rotation_makes_another_secret_and_lets_the_old_one_sign_for_a_while(
    lunas: Run, store: asyncpg.Connection
) -> None:
    first = await made(lunas)
    done = await lunas(
        "endpoints", "rotate", first["endpoint_id"], "--reason", "seen in a log", "--yes", "--json"
    )
    row = await store.fetchrow("SELECT * FROM endpoints")
    assert row is not None
    keys = signing_keys(load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"}))
    assert keys.shown(row["key_id"], first["endpoint_id"], row["generation"]) == done.json["secret"]
    assert (
        keys.shown(row["earlier_key_id"], first["endpoint_id"], row["earlier_generation"]) == first["secret"]
    )
    assert done.json["secret"] != first["secret"]
    assert (await lunas("endpoints", "rotate", "ep_unknown", "--yes")).code == exits.WRONG_USE


async def test_what_waits_for_an_endpoint_survives_its_pause_and_ends_with_it(
    lunas: Run, store: asyncpg.Connection
) -> None:
    endpoint = (await made(lunas))["endpoint_id"]
    waits = await told(store, endpoint, "waiting", attempts=3)
    elsewhere = await told(store, "email", "waiting", attempts=3)
    assert (await lunas("endpoints", "disable", endpoint, "--yes")).code == exits.FINE
    assert (await lunas("endpoints", "test", endpoint, "--wait", "0")).code == exits.WRONG_USE
    assert (await states(store))[waits] == ("waiting", 3, False)
    assert (await lunas("endpoints", "enable", endpoint, "--yes")).code == exits.FINE
    assert await states(store) == {waits: ("waiting", 0, True), elsewhere: ("waiting", 3, False)}
    assert (await lunas("endpoints", "remove", endpoint)).code == exits.REFUSED
    assert (await lunas("endpoints", "remove", endpoint, "--yes")).code == exits.FINE
    assert {key: one[0] for key, one in (await states(store)).items()} == {
        waits: "skipped",
        elsewhere: "waiting",
    }
    assert (await lunas("endpoints", "list", "--json")).json == {"items": []}


async def test_a_test_that_nobody_sends_says_that_it_waits(lunas: Run, store: asyncpg.Connection) -> None:
    endpoint = (await made(lunas))["endpoint_id"]
    done = await lunas("endpoints", "test", endpoint, "--wait", "0", "--json")
    assert (done.code, done.json["status"]) == (exits.PROBLEMS, "waiting")


async def test_a_replay_sends_again_what_was_settled_under_its_id_and_nothing_else(
    lunas: Run, store: asyncpg.Connection
) -> None:
    endpoint = (await made(lunas))["endpoint_id"]
    lost, taken = await told(store, endpoint, "failed", attempts=9), await told(store, endpoint, "delivered")
    waits = await told(store, endpoint, "waiting")
    listed = await lunas("notifications", "list", "--receiver", endpoint, "--status", "failed", "--json")
    assert [one["message_id"] for one in listed.json["items"]] == [f"msg_{lost.hex}"]
    wide = await lunas("notifications", "replay", "--reason", "all of it", "--yes")
    assert wide.code == exits.REFUSED
    many = await lunas(
        "notifications", "replay", "--receiver", endpoint, "--max", "1", "--reason", "too many", "--yes"
    )
    assert many.code == exits.REFUSED
    one = await lunas("notifications", "replay", f"msg_{lost.hex}", "--reason", "the shop was away", "--json")
    assert one.code == exits.FINE, one.err
    assert await states(store) == {
        lost: ("waiting", 0, True), taken: ("delivered", 1, False), waits: ("waiting", 1, False),
    }  # fmt: skip
    act = await store.fetchval("SELECT after FROM operator_acts WHERE verb = 'notifications.replay'")
    assert json.loads(act)["count"] == 1
    assert (await lunas("notifications", "replay", "msg_of_nobody", "--reason", "x")).code == exits.WRONG_USE
    assert (await lunas("notifications", "replay", str(waits), "--reason", "x")).code == exits.WRONG_USE
