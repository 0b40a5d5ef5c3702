"""`lunas scalev resync`, and what doctor says of accounts at providers: every row of the shop's table of troubles, in words and in two languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from projections.versions import ensure
from tests.integration.checkout.fakes import KEYS, STORE, FakeStand, fake_providers
from tests.integration.console.conftest import Run

CATALOG = """\
# Ours.
[[products]]
id = "kelas-python"   # sells best
kind = "course"
title = "Kelas Python"
price_idr = 150000
scalev = { variant_unique_ids = ["variant_of_the_old_store"] }
"""


@pytest.fixture
async def fakes() -> AsyncIterator[FakeStand]:
    async with fake_providers() as stand:
        yield stand


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fakes: FakeStand) -> Path:
    """The catalogue of a shop that was in another store, with keys of this one."""
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG, encoding="utf-8")
    for name, value in {
        "LUNAS_CATALOG": path,
        "PAYMENT_PROVIDER": "scalev",
        "SCALEV_STORE_UNIQUE_ID": STORE,
        "SCALEV_API_KEY": KEYS["scalev"],
        "SCALEV_BASE_URL": fakes.served.bases["scalev"],
        "XENDIT_SECRET_KEY": KEYS["xendit"],
        "XENDIT_BASE_URL": fakes.served.bases["xendit"],
        "MAYAR_API_KEY": KEYS["mayar"],
        "MAYAR_BASE_URL": fakes.served.bases["mayar"],
    }.items():
        monkeypatch.setenv(name, str(value))
    return path


async def test_s2_resync_shows_what_ids_of_the_old_store_are_and_writes_it_when_told_to(
    lunas: Run, catalog: Path, database_url: str
) -> None:
    shown = await lunas("scalev", "resync", "--json")
    assert shown.code == 1
    (item,) = shown.json["items"]
    assert (item["old"], item["new"], item["found_by"]) == (
        "variant_of_the_old_store",
        "variant_kelas_python",
        "name_and_price",
    )
    assert catalog.read_text(encoding="utf-8") == CATALOG
    assert (await lunas("scalev", "resync", "--apply")).code == 2
    assert (await lunas("scalev", "resync", "--apply", "--reason", "new key")).code == 3
    assert catalog.read_text(encoding="utf-8") == CATALOG

    done = await lunas("scalev", "resync", "--apply", "--reason", "new key", "--yes", "--json")
    assert done.code == 0, done
    wanted = CATALOG.replace("variant_of_the_old_store", "variant_kelas_python")
    assert catalog.read_text(encoding="utf-8") == wanted
    (act,) = done.json["items"]
    store = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        row = await store.fetchrow("SELECT actor, verb, reason, undo FROM operator_acts")
    finally:
        await store.close()
    assert row is not None
    assert (row["actor"], row["verb"], row["reason"], row["undo"]) == (
        "sari",
        "scalev.resync",
        "new key",
        act["undo"],
    )
    _, kept, target = act["undo"].split()
    assert (Path(kept).read_text(encoding="utf-8"), target) == (CATALOG, str(catalog))
    again = await lunas("scalev", "resync")
    assert (again.code, "in the store" in again.out) == (0, True)


async def test_resync_by_hand_and_with_a_file_that_cannot_be_written(
    lunas: Run, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.write_text(CATALOG.replace("150000", "999000"), encoding="utf-8")
    assert (await lunas("scalev", "resync", "--json")).json["items"][0]["found_by"] == "other_price"
    assert (await lunas("scalev", "resync", "--map", "nonsense")).code == 2
    # A slip of the pen is told, and nothing else is written in its place.
    for slip in (
        "variant_of_the_old_stor=variant_kelas_python",
        "variant_of_the_old_store=variant_kelas_pyton",
    ):
        told = await lunas("scalev", "resync", "--map", slip, "--apply", "--reason", "r", "--yes")
        wrong = slip.split("=")[0 if "stor=" in slip else 1]
        assert (told.code, wrong in told.err) == (2, True)
    assert "variant_of_the_old_store" in catalog.read_text(encoding="utf-8")
    pair = "variant_of_the_old_store=variant_kelas_python"
    called = ("scalev", "resync", "--map", pair, "--apply", "--reason", "r", "--yes")

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", refuse)
        failed = await lunas(*called)
        assert (failed.code, "Permission denied" in failed.err) == (3, True)
    assert "variant_of_the_old_store" in catalog.read_text(encoding="utf-8")
    assert (await lunas(*called)).code == 0
    assert "variant_kelas_python" in catalog.read_text(encoding="utf-8")


async def test_an_id_of_the_environment_is_told_by_its_variable_and_never_written_into_the_file(
    lunas: Run, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = CATALOG.replace('scalev = { variant_unique_ids = ["variant_of_the_old_store"] }\n', "")
    catalog.write_text(without, encoding="utf-8")
    monkeypatch.setenv("SCALEV_VARIANT_UNIQUE_ID", "variant_of_the_old_store")
    shown = await lunas("scalev", "resync", "--json")
    (item,) = shown.json["items"]
    assert (shown.code, item["new"], item["setting"]) == (
        1,
        "variant_kelas_python",
        "SCALEV_VARIANT_UNIQUE_ID",
    )
    told = await lunas("scalev", "resync", "--apply", "--reason", "r", "--yes")
    assert (told.code, catalog.read_text(encoding="utf-8")) == (1, without)
    assert "SCALEV_VARIANT_UNIQUE_ID" in told.out + told.err
    monkeypatch.setenv("SCALEV_VARIANT_UNIQUE_ID", "variant_kelas_python")
    assert (await lunas("scalev", "resync")).code == 0


async def _untold_order(database_url: str) -> None:
    store = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        await ensure(store)
        await store.execute(
            "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, status, page_secret, page_digest, position,"
            " settled_at) VALUES ('req_' || repeat('0', 32), 'order', 'budi', 'scalev', 150000, 'open', 's', 's'::bytea, 1,"
            " clock_timestamp() - interval '1 hour')"
        )
    finally:
        await store.close()


Plant = Callable[[pytest.MonkeyPatch, Path], None]

ROWS: dict[str, tuple[Plant, str, str, str]] = {
    # The table's row: how the trouble comes about, the check that tells of it, and what it says to do, in English and in Indonesian.
    "401 ke API": (
        lambda patch, _: patch.setenv("SCALEV_API_KEY", "sk_expired"),
        "account.scalev",
        "SCALEV_API_KEY is wrong or has expired",
        "SCALEV_API_KEY salah atau kedaluwarsa",
    ),
    "Harga minimum error": (
        lambda _, path: _write(path, CATALOG.replace("150000", "9000")),
        "orders",
        "raise the price in the catalogue",
        "naikkan harga di katalog",
    ),
    "Harga minimum error: mapping variant": (
        lambda _, path: _write(path, CATALOG.replace('["variant_of_the_old_store"]', "[]")),
        "orders",
        "put the variant or the bundle price option",
        "isi varian atau bundle price option",
    ),
    "Dev error Scalev": (
        lambda patch, _: patch.setenv("SCALEV_BASE_URL", "http://127.0.0.1:9"),
        "account.scalev",
        "set PAYMENT_PROVIDER=manual",
        "isi PAYMENT_PROVIDER=manual",
    ),
    "Ganti API key / DB baru": (
        lambda _patch, _path: None,
        "account.scalev",
        "lunas scalev resync",
        "mungkin dari toko atau kunci lama",
    ),
    "Not Found saat ensure-scalev": (
        lambda patch, _: patch.setenv("SCALEV_STORE_UNIQUE_ID", "store_lama"),
        "account.scalev",
        "SCALEV_STORE_UNIQUE_ID is not a store of this key",
        "SCALEV_STORE_UNIQUE_ID bukan toko milik kunci ini",
    ),
}


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")


@pytest.mark.parametrize("row", ROWS)
async def test_doctor_says_each_row_of_the_shops_table(
    lunas: Run, catalog: Path, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    plant, check, english, indonesian = ROWS[row]
    plant(monkeypatch, catalog)
    for language, words in (("en", english), ("id", indonesian)):
        checks = (await lunas("--lang", language, "doctor", "scalev", "--json")).json["checks"]
        told = [f"{one['detail']} {one['fix']}" for one in checks if one["check"] == check]
        assert any(words in one for one in told), told


async def test_doctor_says_when_news_of_payments_do_not_come(
    lunas: Run, catalog: Path, database_url: str
) -> None:
    await _untold_order(database_url)
    for language, words in (
        (
            "en",
            "check the address of the webhook, its events, and that its secret is the one in SCALEV_WEBHOOK_SECRET",
        ),
        ("id", "periksa alamat webhook"),
    ):
        checks = (await lunas("--lang", language, "doctor", "scalev", "--json")).json["checks"]
        assert [words in one["fix"] for one in checks if one["check"] == "news"] == [True]
    found = (await lunas("find", "req_" + "0" * 32, "--json")).json["items"]
    assert {"request"} <= {one["kind"] for one in found}


async def test_doctor_asks_xendit_and_mayar_too(
    lunas: Run, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for provider, key in (("xendit", "XENDIT_SECRET_KEY"), ("mayar", "MAYAR_API_KEY")):
        checks = {one["check"]: one for one in (await lunas("doctor", provider, "--json")).json["checks"]}
        assert checks[f"account.{provider}"]["state"] == "ok"
        monkeypatch.setenv(key, "wrong")
        checks = {one["check"]: one for one in (await lunas("doctor", provider, "--json")).json["checks"]}
        assert f"{key} is wrong or has expired" in checks[f"account.{provider}"]["detail"]


async def test_a_provider_that_never_answers_holds_doctor_up_for_its_time_only(
    lunas: Run, catalog: Path, fakes: FakeStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_ACCOUNT_CHECK_SECONDS", "0.2")
    await fakes.switch("timeout", "scalev", seconds=30)
    checks = (await lunas("doctor", "scalev", "--json")).json["checks"]
    told = [one["detail"] for one in checks if one["check"] == "account.scalev"]
    assert told == ["scalev does not answer (0.2 s)"]
