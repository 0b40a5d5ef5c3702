"""`lunas reconcile` as an operator calls it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.processor.reconciliation.stand import branch_of
from tests.unit.providers.fakes.stand import KEYS


async def test_an_operator_finds_a_lost_webhook_by_one_command(
    lunas: Run,
    settings: Callable[..., Settings],
    database_url: str,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
        monkeypatch.setenv("XENDIT_BASE_URL", branch.fakes.bases["xendit"])
        monkeypatch.setenv("XENDIT_SECRET_KEY", KEYS["xendit"])
        await branch.register("budi")
        never = await lunas("reconcile", "show", "xendit")
        assert (never.code, "never compared" in never.out) == (0, True)

        branch.door.lost = lambda _: True
        request = await branch.xendit_payment("topup-1", 50_000, "budi")
        await branch.act("xendit", request)
        found = await lunas("reconcile", "run", "xendit", "--since", "1d", "--json")
        assert (found.code, found.json["fed"], found.json["complete"]) == (0, 1, True)
        assert [(one["kind"], one["findings"], one["resolved"]) for one in found.json["kinds"]] == [("missing_here", 1, 1)]  # fmt: skip
        await branch.settled()
        assert await branch.tokens("budi") == 500_000

        again = await lunas("reconcile", "run", "xendit", "--since", "1d")
        assert (again.code, "1 rows read" in again.out, "Nothing differs" in again.out) == (0, True, True)
        assert (
            await branch.pool.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'reconcile.run'") == 2
        )

        state = branch.world.providers["xendit"].ledger.state  # type: ignore[attr-defined]
        state.payments.clear(), state.requests.clear()
        gone = await lunas("reconcile", "run", "xendit", "--since", "1d")
        assert (gone.code, "not known there" in gone.out) == (1, True), gone.out + gone.err
        shown = await lunas("reconcile", "show", "xendit", "--json")
        assert shown.code == 1
        assert [(one["kind"], one["our_amount"]) for one in shown.json["items"]] == [
            ("missing_there", 50_000)
        ]
        status = await lunas("status", "--json")
        assert any("reconcile show xendit" in one for one in status.json["problems"])
        assert [(one["kind"], one["findings"], one["amount_idr"]) for one in status.json["drift"]] == [("missing_there", 1, 50_000)]  # fmt: skip
        doctor = await lunas("doctor", "--json")
        assert [one["state"] for one in doctor.json["checks"] if one["check"] == "drift.xendit"] == [
            "problem"
        ]
        words = await lunas("--lang", "id", "reconcile", "show", "xendit")
        assert "tidak dikenal di sana" in words.out


@pytest.mark.parametrize(("arguments", "says"), [(("manual",), "manual"), (("xendit",), "key")])
async def test_what_cannot_be_compared_is_said(
    lunas: Run, broker_url: str, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_FAKES", "off")
    refused = await lunas("reconcile", "run", *arguments)
    assert (refused.code, says in refused.err) == (2, True), refused.err
