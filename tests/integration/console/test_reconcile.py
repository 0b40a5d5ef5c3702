"""`lunas reconcile` as an operator calls it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.leadership import Leadership
from processor.reconciliation.keeping import job_of
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.processor.reconciliation.scripted import captured, till_of, webhook_of
from tests.integration.processor.reconciliation.stand import Branch, branch_of


async def test_an_operator_finds_a_lost_webhook_by_one_command(lunas: Run, branch: Branch) -> None:
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
    # How far it is stands beside what it found, so that a program reads the latter alone.
    assert ("█ 1/1" in again.err, "█" in again.out) == (True, False), again.err
    assert await branch.pool.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'reconcile.run'") == 2

    state = branch.world.providers["xendit"].ledger.state  # type: ignore[attr-defined]
    state.payments.clear(), state.requests.clear()
    gone = await lunas("reconcile", "run", "xendit", "--since", "1d")
    assert (gone.code, "not known there" in gone.out) == (1, True), gone.out + gone.err
    shown = await lunas("reconcile", "show", "xendit", "--json")
    assert shown.code == 1
    assert [(one["kind"], one["our_amount"]) for one in shown.json["items"]] == [("missing_there", 50_000)]
    status = await lunas("status", "--json")
    assert any("reconcile show xendit" in one for one in status.json["problems"])
    assert [(one["kind"], one["findings"], one["amount_idr"]) for one in status.json["drift"]] == [("missing_there", 1, 50_000)]  # fmt: skip
    doctor = await lunas("doctor", "--json")
    assert [one["state"] for one in doctor.json["checks"] if one["check"] == "drift.xendit"] == ["problem"]
    words = await lunas("--lang", "id", "reconcile", "show", "xendit")
    assert "tidak dikenal di sana" in words.out


async def test_a_run_is_begun_however_long_connecting_takes_and_refused_only_where_another_one_is(
    lunas: Run, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.comparing.LEAD_SECONDS", 0.0)
    words = ("reconcile", "run", "xendit", "--since", "1d")
    alone = await lunas(*words)
    assert alone.code == 0, alone.err
    async with Leadership(branch.settings, "reconcile", job_of("xendit")) as other:
        assert await other.once()
        refused = await lunas(*words)
        assert (refused.code, "Another runner" in refused.err) == (3, True), refused.err
    again = await lunas(*words)
    assert again.code == 0, again.err


@pytest.mark.parametrize(("arguments", "says"), [(("manual",), "manual"), (("xendit",), "key")])
async def test_what_cannot_be_compared_is_said(
    lunas: Run, broker_url: str, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_FAKES", "off")
    refused = await lunas("reconcile", "run", *arguments)
    assert (refused.code, says in refused.err) == (2, True), refused.err


async def test_c136_an_operator_holds_a_statement_of_settlement_against_our_record(
    lunas: Run,
    settings: Callable[..., Settings],
    database_url: str,
    broker_url: str,
    tmp_path: Path,
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi")
        request = await branch.xendit_payment("topup-1", 50_000, "budi")
        await branch.act("xendit", request)
        await branch.settled()
        payment = await branch.pool.fetchval("SELECT payment_id FROM payments")
        file = tmp_path / "settled.csv"
        # By the payment's id, by the request's and by our reference it is the same money.
        for name in (payment, request):
            file.write_text(f"Payment ID,Amount,Fee,Net Amount\n{name},50000,350,49650\n", encoding="utf-8")
            ties = await lunas("reconcile", "statement", "xendit", str(file))
            assert (ties.code, "It ties to the rupiah" in ties.out) == (0, True), ties.out + ties.err

        file.write_text(f"Payment ID,Amount\n{payment},49000\npy-unknown,1000\n{request},50000\n,5\n", encoding="utf-8")  # fmt: skip
        told = await lunas("reconcile", "statement", "xendit", str(file), "--json")
        assert (told.code, told.json["ties"]) == (1, False)
        assert [(one["kind"], one["line"]) for one in told.json["differences"]] == [
            ("amount", 2),
            ("missing_here", 3),
            ("duplicate", 4),
            ("unreadable", 5),
        ]
        shown = await lunas("reconcile", "statement", "xendit", str(file))
        assert (shown.code, "It does not tie" in shown.out) == (1, True)
        assert all(word in shown.out for word in ("py-unknown", "Rp 49,000", "Rp 50,000"))

        file.write_text("who,what\n", encoding="utf-8")
        wrong = await lunas("reconcile", "statement", "xendit", str(file))
        assert (wrong.code, "has no column id" in wrong.err) == (2, True), wrong.err
        file.write_bytes(b"\xff\xfe\x00")
        binary = await lunas("reconcile", "statement", "xendit", str(file))
        assert (binary.code, "is no table" in binary.err) == (2, True), binary.err


async def test_c136_what_a_statement_leaves_out_is_told_and_what_another_one_settles_is_not(
    lunas: Run, pool: Pool, tmp_path: Path
) -> None:
    till, now = await till_of(pool), datetime.now(UTC)
    paid = {}
    for number in range(1, 6):
        at = paid[number] = (now - timedelta(hours=20 - number)).replace(microsecond=0)
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        capture = {
            "capture_id": f"cap-{number}",
            "capture_amount": number * 10_000,
            "capture_timestamp": stamp,
        }
        await till.hear(
            webhook_of(captured(f"py-{number}", number * 10_000, captures=[capture], updated=stamp))
        )
    file = tmp_path / "settled.csv"
    words = ("reconcile", "statement", "xendit", str(file))

    file.write_text("id,amount\npy-2,20000\npy-3,30000\npy-4,40000\n", encoding="utf-8")
    ties = await lunas(*words)
    assert (ties.code, "It ties to the rupiah" in ties.out, "were looked for" in ties.out) == (
        0,
        True,
        True,
    ), ties.out

    file.write_text("id,amount\npy-2,20000\npy-4,40000\n", encoding="utf-8")
    told = await lunas(*words, "--json")
    assert (told.code, told.json["ties"], told.json["omitted"]) == (1, False, 30_000), told.out
    (one,) = told.json["differences"]
    assert (one["kind"], one["payment_id"], one["line"], one["ours"], one["theirs"]) == ("missing_there", "py-3", None, 30_000, None)  # fmt: skip
    (span,) = told.json["spans"]
    assert [datetime.fromisoformat(span[edge]) for edge in ("first", "last")] == [paid[2], paid[4]]
    shown = await lunas(*words)
    assert (shown.code, "not known there" in shown.out, "Rp 30,000 of ours" in shown.out) == (
        1,
        True,
        True,
    ), shown.out

    shorter = await lunas(*words, "--since", (paid[3] + timedelta(minutes=1)).isoformat())
    assert shorter.code == 0, shorter.out + shorter.err
    file.write_text("id,amount\npy-2,20000\n", encoding="utf-8")
    alone = await lunas("--lang", "id", *words)
    assert (alone.code, "tidak dicari" in alone.out) == (0, True), alone.out
