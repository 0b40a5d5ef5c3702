"""What is known of money, and what is missing until it is granted, as operators are told of it."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from console import exits
from tests.integration.console.conftest import Run
from tests.integration.console.test_suspense import add_held


@pytest.fixture
async def waiting(lunas: Run, store: asyncpg.Connection) -> Run:
    """A payment of Xendit that is too large for a token's word."""
    assert (await lunas("migrate")).code == exits.FINE
    await add_held(store, reason="awaiting_confirmation", amount=900_000)
    await store.execute(
        "INSERT INTO payments_v1 (record, provider, payment_id, case_key, status, amount, refunded_amount, currency, paid_at, late, token_only,"
        " settled, held, first_position, position, attestation) VALUES ('xendit:py-1', 'xendit', 'py-1', 'xendit:py-1', 'succeeded', 900000, 0,"
        " 'IDR', clock_timestamp(), false, true, false, 'awaiting_confirmation', 1, 1, 'token_only')"
    )
    await store.execute(
        "INSERT INTO payment_aliases_v1 (provider, alias, record) VALUES ('xendit', 'py-1', 'xendit:py-1')"
    )
    return lunas


async def answered(store: asyncpg.Connection, answer: str, **more: object) -> None:
    row: dict[str, object] = {
        "case_key": "xendit:py-1", "provider": "xendit", "payment_id": "py-1", "answer": answer, "our_amount": 900_000, "asks": 3,
    } | more  # fmt: skip
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await store.execute(f"INSERT INTO confirmations ({', '.join(row)}) VALUES ({places})", *row.values())


async def test_held_money_says_what_is_missing_and_that_nobody_asked_yet(waiting: Run) -> None:
    shown = (await waiting("suspense", "show", "susp-1")).out
    assert (
        "Up to Rp 500,000 is granted when money of xendit is vouched for by a webhook's token alone" in shown
    )
    assert "once it is confirmed by the provider on our asking" in shown
    assert "xendit has not been asked yet" in shown
    assert "lunas reconcile run xendit" in shown


@pytest.mark.parametrize(
    ("answer", "more", "said"),
    [
        ("unknown", {}, "there is no such payment"),
        ("unpaid", {"their_status": "failed"}, "nobody has paid it there (failed)"),
        ("another_amount", {"their_amount": 10_000}, "Rp 10,000 came, and its webhook says Rp 900,000"),
        ("failed", {"code": "provider_silent"}, "no answer (provider_silent)"),
        ("no_detail", {}, "without the details"),
        ("confirmed", {}, "it came, as its webhook says"),
    ],
)
async def test_what_the_provider_said_stands_with_the_money_and_with_its_payment(
    waiting: Run, store: asyncpg.Connection, answer: str, more: dict[str, object], said: str
) -> None:
    await answered(store, answer, **more)
    for command in (("suspense", "show", "susp-1"), ("payments", "show", "xendit", "py-1")):
        shown = (await waiting(*command)).out
        assert said in shown
        assert "was asked 3 times" in shown
        assert "not asked again by itself" in shown
    assert said in str((await waiting("suspense", "show", "susp-1", "--json")).json["missing"])


async def test_a_payment_shows_how_much_is_known_of_it(waiting: Run) -> None:
    assert "attestation   token_only" in (await waiting("payments", "show", "xendit", "py-1")).out
    [item] = (await waiting("payments", "show", "xendit", "py-1", "--json")).json["items"]
    assert item["attestation"] == "token_only"
    found = (await waiting("find", "py-1")).out
    assert "awaiting_confirmation" in found


async def test_in_indonesian_too(
    waiting: Run, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_LANG", "id")
    await answered(store, "unknown")
    shown = (await waiting("suspense", "show", "susp-1")).out
    assert "pembayaran itu tidak ada" in shown
    assert "hanya dijamin token webhook" in shown


async def test_the_limits_of_the_catalogue_are_told(
    waiting: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "catalog.toml"
    shop.write_text(
        "[providers.xendit]\nconfirm_above_idr = 1000\n[providers.xendit.grant_up_to_idr]\nsettled = 5000\n"
    )
    monkeypatch.setenv("LUNAS_CATALOG", str(shop))
    shown = (await waiting("suspense", "show", "susp-1")).out
    assert "Up to Rp 1,000 is granted" in shown
    assert "vouched for by a person of ours" in shown


async def test_a_membership_that_waits_says_what_is_missing_and_what_its_provider_said(
    lunas: Run, store: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    shop = tmp_path / "catalog.toml"
    shop.write_text(
        '[[tiers]]\nid = "pro"\n[[products]]\nid = "klub"\nkind = "plan"\ntier = "pro"\nperiod = "1 month"\nprice_idr = 900000\n'
        "mayar = { tier_names = ['klub'] }\n"
    )
    monkeypatch.setenv("LUNAS_CATALOG", str(shop))
    waits = {
        "reason": "awaiting_confirmation",
        "case_key": "mayar:LCN-1",
        "provider": "mayar",
        "payment_id": "LCN-1",
    }
    await add_held(store, amount=None, **waits)
    await store.execute(
        "INSERT INTO subscriptions_v1 (subscription_id, customer_id, plan, tier, provider, status, cancel_at_period_end, first_position, position, held)"
        " VALUES ('mayar:LCN-1', 'c-1', 'klub', 'pro', 'mayar', 'pending', false, 1, 1, 'awaiting_confirmation')"
    )
    shown = (await lunas("suspense", "show", "susp-1")).out
    assert "for plans of up to Rp 500,000. The plan shown now is klub (Rp 900,000)" in shown
    assert "mayar has not been asked yet" in shown
    assert "lunas reconcile run" not in shown
    about = {"case_key": "mayar:LCN-1", "provider": "mayar", "payment_id": "LCN-1", "our_amount": None}
    await answered(store, "unpaid", their_status="active, 2026-12-01", **about)
    assert "or not so long (active, 2026-12-01)" in (await lunas("suspense", "show", "susp-1")).out
    await store.execute("UPDATE confirmations SET answer = 'no_detail'")
    assert "name its product there" in (await lunas("suspense", "show", "susp-1")).out
    monkeypatch.setenv("LUNAS_LANG", "id")
    assert "tidak bisa ditanyakan" in (await lunas("suspense", "show", "susp-1")).out
