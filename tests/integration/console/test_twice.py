"""What was done already is not done again: the second one is told by whom and when, ends with the code of a refusal, and changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg
import click
import pytest

from console import claims, exits
from console.main import lunas as cli
from eventstore.append import append, log_transaction
from processor.fulfilment.catalog_source import publish_catalog
from projections.feeder import Feeder
from runtime.database import Pool
from tests.contract.api.test_spending import taken_back
from tests.integration.console.conftest import Run, add_letter
from tests.integration.console.short_money import short_money
from tests.integration.console.test_credit import spent
from tests.integration.console.test_suspense import SUSPENSE_ID, add_held
from tests.integration.processor.fulfilment.test_rounds import settle as decide
from tests.integration.processor.fulfilment.test_rounds import write
from tests.integration.projections.decisions import credit, registered
from tests.unit.processor.cases.facts import capture
from tests.unit.processor.policies.ledgerbook import shipped_catalog


class Scene:
    """Everything that an act may be done to, and the command line."""

    def __init__(self, lunas: Run, store: asyncpg.Connection, pool: Pool) -> None:
        self.lunas, self.store, self.pool = lunas, store, pool

    async def customer(self) -> str:
        async with log_transaction(self.store):
            events = [registered("c1"), credit("c1", 100), spent(400), taken_back("c1", 100)]
            await append(self.store, events)
        await Feeder(self.store, batch_max=100).catch_up()
        return "c1"

    async def order(self) -> str:
        await self.store.execute(
            "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, status, position, page_secret,"
            " page_digest) VALUES ('ord_1', 'order', 'c1', 'manual', 50000, 'manual', 'manual', 'open', 1, 's', '\\x00')"
        )
        return "ord_1"

    async def held(self) -> str:
        await add_held(self.store)
        return SUSPENSE_ID

    async def endpoint(self) -> str:
        await self.store.execute(
            "INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by)"
            " VALUES ('ep_1', '', 'https://shop.example/hooks', '{payment.received}', '1', 'sari')"
        )
        return "ep_1"

    async def letter(self) -> str:
        return str(await add_letter(self.store))

    async def before(self, *arguments: str) -> None:
        """Something that was done first."""
        done = await self.lunas(*arguments, "--reason", "before", "--yes")
        assert done.code == exits.FINE, done.err


Prepared = Callable[[Scene], Awaitable[list[str]]]


async def _freeze(scene: Scene) -> list[str]:
    return [await scene.customer()]


async def _unfreeze(scene: Scene) -> list[str]:
    await scene.before("credit", "freeze", await scene.customer())
    return ["c1"]


async def _order(scene: Scene) -> list[str]:
    return [await scene.order()]


async def _claim(scene: Scene) -> list[str]:
    return [await scene.held(), "--customer", await scene.customer()]


async def _unclaim(scene: Scene) -> list[str]:
    await scene.before("suspense", "claim", await scene.held(), "--customer", await scene.customer())
    return [SUSPENSE_ID]


async def _undo(scene: Scene) -> list[str]:
    await scene.before("suspense", "write-off", await scene.held())
    return [SUSPENSE_ID]


async def _give_back(scene: Scene) -> list[str]:
    await publish_catalog(scene.pool, shipped_catalog())
    await write(scene.pool, capture(payer_email="siapa@contoh.id"))
    await decide(scene.pool)
    await Feeder(scene.store, batch_max=100).catch_up()
    return [str(await scene.store.fetchval("SELECT suspense_id FROM suspense"))]


async def _ask_rest(scene: Scene) -> list[str]:
    return [await short_money(scene.pool, scene.store)]


async def _write_off(scene: Scene) -> list[str]:
    return [await scene.held()]


async def _letter(scene: Scene) -> list[str]:
    return [await scene.letter()]


async def _reopen(scene: Scene) -> list[str]:
    letter = await scene.letter()
    await scene.before("dlq", "discard", letter)
    return [letter]


async def _settle(scene: Scene) -> list[str]:
    options = ["--customer", await scene.customer(), "--amount", "50000", "--payment-id", "py-9"]
    return [await scene.letter(), *options]


async def _refund(scene: Scene) -> list[str]:
    await publish_catalog(scene.pool, shipped_catalog())
    async with log_transaction(scene.store):
        await append(scene.store, [registered("c1")])
    await decide(scene.pool)
    await Feeder(scene.store, batch_max=100).catch_up()
    options = ["--customer", "c1", "--amount", "50000", "--payment-id", "py-9"]
    await scene.before("dlq", "settle", await scene.letter(), *options)
    await decide(scene.pool)
    await Feeder(scene.store, batch_max=100).catch_up()
    return ["xendit", "py-9"]


async def _refund_recorded(scene: Scene) -> list[str]:
    provider, payment = await _refund(scene)
    await scene.before("payments", "refunded", provider, payment, "--refund-id", "rfd-9")
    return [provider, "rfd-9"]


async def _switch(scene: Scene) -> list[str]:
    await scene.before("projections", "rebuild", "ledger")
    return ["ledger"]


async def _rollback(scene: Scene) -> list[str]:
    await scene.before("projections", "rebuild", "ledger")
    await scene.before("projections", "switch", "ledger")
    return ["ledger"]


async def _revoke(scene: Scene) -> list[str]:
    made = await scene.lunas("keys", "create", "--scope", "read", "--json")
    return [made.json["key_id"]]


async def _endpoint(scene: Scene) -> list[str]:
    return [await scene.endpoint()]


async def _enable(scene: Scene) -> list[str]:
    await scene.before("endpoints", "disable", await scene.endpoint())
    return ["ep_1"]


async def _somebody(_scene: Scene) -> list[str]:
    return ["ratna", "--role", "viewer"]


async def _operator(scene: Scene) -> list[str]:
    await scene.lunas("operators", "add", "ratna", "--role", "viewer", "--reason", "before")
    return ["ratna"]


async def _disabled(scene: Scene) -> list[str]:
    await scene.before("operators", "disable", *await _operator(scene))
    return ["ratna"]


async def _problem(scene: Scene) -> list[str]:
    await scene.letter()
    (found,) = (await scene.lunas("problems", "list", "--json")).json["items"]
    return [found["fingerprint"]]


async def _ignored(scene: Scene) -> list[str]:
    (name,) = await _problem(scene)
    done = await scene.lunas("problems", "ignore", name, "--reason", "before")
    assert done.code == exits.FINE, done.err
    return [name]


async def _secret(_scene: Scene) -> list[str]:
    return ["xendit", "--secret", "9f86d081884c not_after=2026-12-08T00:00:00+07:00"]


async def _plan(scene: Scene) -> list[str]:
    await scene.letter()
    made = await scene.lunas("replay", "plan", "--where", "source=letters", "--json")
    return [made.json["plan_id"]]


ONCE: dict[tuple[str, str], Prepared] = {
    ("credit", "freeze"): _freeze,
    ("credit", "unfreeze"): _unfreeze,
    ("credit", "forgive"): _freeze,
    ("dlq", "discard"): _letter,
    ("dlq", "reopen"): _reopen,
    ("dlq", "settle"): _settle,
    ("endpoints", "disable"): _endpoint,
    ("endpoints", "enable"): _enable,
    ("endpoints", "remove"): _endpoint,
    ("keys", "revoke"): _revoke,
    ("manual", "confirm"): _order,
    ("manual", "reject"): _order,
    ("operators", "add"): _somebody,
    ("operators", "disable"): _operator,
    ("operators", "enable"): _disabled,
    ("payments", "refund"): _refund,
    ("payments", "refunded"): _refund,
    ("payments", "unrefunded"): _refund_recorded,
    ("problems", "fix"): _problem,
    ("problems", "ignore"): _problem,
    ("problems", "reopen"): _ignored,
    ("projections", "switch"): _switch,
    ("projections", "rollback"): _rollback,
    ("replay", "cancel"): _plan,
    ("secrets", "record"): _secret,
    ("suspense", "ask-rest"): _ask_rest,
    ("suspense", "claim"): _claim,
    ("suspense", "refund"): _give_back,
    ("suspense", "unclaim"): _unclaim,
    ("suspense", "undo"): _undo,
    ("suspense", "write-off"): _write_off,
}

AGAIN = {
    ("credit", "rebuild"): "builds the same again",
    ("fulfilment", "rebuild"): "builds the same again",
    ("projections", "rebuild"): "builds another generation",
    ("ingress", "republish"): "what had its effect is recognised as a duplicate",
    ("webhooks", "acknowledge"): "what comes after it is new",
    ("webhooks", "replay"): "what had its effect is recognised as a duplicate",
    ("dlq", "replay"): "a letter that was replayed is told with its state, a second one with who was faster",
    ("dlq", "unsettle"): "what is taken back already is told with who did it (test_unsaying.py)",
    ("manual", "unconfirm"): "what is taken back already is told with who did it (test_unsaying.py)",
    ("keys", "create"): "makes another key",
    ("endpoints", "create"): "makes another endpoint",
    ("endpoints", "rotate"): "makes another secret",
    ("notifications", "replay"): "the receiver knows it again by its id",
    ("scalev", "resync"): "finds nothing more to change",
    ("dlq", "release"): "a line that goes on is told so, with who let it (test_parked_streams.py)",
    ("operators", "change"): "says how it is to be",
    ("quarantine", "reverify"): "what was admitted is known by its id (test_reverify.py)",
    ("replay", "apply"): "an application that is over is told with who did it (test_replay.py)",
    ("replay", "pause"): "is told with its state (test_replay.py)",
    ("replay", "resume"): "what goes on is told with its state (test_replay.py)",
    (
        "customers",
        "erase",
    ): "the second person's is what does it; a third one is told with who did it (persons/test_erasing.py)",
    (
        "customers",
        "rekey",
    ): "an exchange that is over is told so, one that was stopped goes on (persons/test_rekeying.py)",
    ("log", "archive"): "writes the same file again, with what was sealed since (test_log_archives.py)",
    ("webhooks", "archive"): "says that every month has its file, or writes one anew (test_archives.py)",
    (
        "reconcile",
        "statement",
    ): "the same file again is told with who recorded it (test_statements_recorded.py)",
    ("problems", "ack"): "whoever says it last takes care of it",
}
"""What may be done as often as one likes, and why."""


def _options(act: tuple[str, str]) -> set[str | None]:
    context = click.Context(cli)
    group = cli.get_command(context, act[0])
    assert isinstance(group, click.Group)
    command = group.get_command(context, act[1])
    assert command is not None
    return {option.name for option in command.params}


def _acts() -> set[tuple[str, ...]]:
    """Every command that asks for a reason: it changes something and writes an audit record."""
    found = set()
    context = click.Context(cli)
    for group_name in cli.list_commands(context):
        group = cli.get_command(context, group_name)
        for command_name in group.list_commands(context) if isinstance(group, click.Group) else []:
            command = group.get_command(context, command_name)  # type: ignore[union-attr]
            if command is not None and any(option.name == "reason" for option in command.params):
                found.add((group_name, command_name))
    return found


def test_every_act_is_done_once_or_may_be_done_again() -> None:
    assert _acts() == ONCE.keys() | AGAIN.keys()
    assert not ONCE.keys() & AGAIN.keys()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody decides in most of these tests, so nobody waits for a decision."""
    monkeypatch.setattr(claims, "OUTCOME_SECONDS", 0.0)


@pytest.mark.parametrize("act", ONCE, ids=" ".join)
async def test_a_second_time_is_told_who_did_it_and_when(
    lunas: Run, store: asyncpg.Connection, pool: Pool, act: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    given = [*act, *await ONCE[act](Scene(lunas, store, pool))]
    given += ["--yes"] if "yes" in _options(act) else []
    first = await lunas(*given, "--reason", "because")
    assert first.code == exits.FINE, first.err
    at = await store.fetchval("SELECT max(at) FROM operator_acts")
    events, acts = "SELECT count(*) FROM events", "SELECT count(*) FROM operator_acts"
    before = [await store.fetchval(events), await store.fetchval(acts)]
    monkeypatch.setenv("LUNAS_OPERATOR", "tono")
    second = await lunas(*given, "--reason", "again")
    assert second.code == exits.REFUSED, second.err
    assert "sari" in second.err
    assert f"{at.year}" in second.err
    assert "Nothing was changed" in second.err
    assert [await store.fetchval(events), await store.fetchval(acts)] == before
    monkeypatch.setenv("LUNAS_LANG", "id")
    assert "sari" in (await lunas(*given, "--reason", "lagi")).err
