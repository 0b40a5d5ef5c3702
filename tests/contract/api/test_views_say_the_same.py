"""The views that analysts read and the API say the same thing in the same word, and with the same value."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from eventstore.migrations import files
from projections import versions
from projections.registry import PROJECTIONS
from schemas import api as models
from schemas.api import ApiModel
from schemas.subscription_api import TierChange
from tests.contract.api.conftest import Api, serve
from tests.filled import fill

PAYMENTS = 1000

# What one thing is called on both sides: a model of the API, and the views it can be read from in SQL.
THINGS: dict[type[ApiModel], tuple[str, ...]] = {
    models.CustomerSummary: ("customers", "balances"),
    models.BalanceAmounts: ("balances", "spending"),
    models.Subscription: ("subscriptions",),
    models.Enrollment: ("enrollments",),
    models.PaymentSummary: ("payments",),
    models.SuspenseItem: ("suspense",),
    models.UnitSum: ("ledger_totals",),
    models.UnbackedMoney: ("backing",),
    TierChange: ("tier_changes",),
    models.TimelineStep: ("payment_timeline",),
}

# Views have these too: keys to join by, places in the log, and what the API says in its own place.
ONLY_IN_SQL = {
    "customers": {"email_normalized", "position"},
    "balances": {"position"},
    "spending": {"customer_id", "frozen_reason", "month_tokens", "month_papers", "day_tokens", "position", "stale"},
    "subscriptions": {"customer_id", "member_id", "first_position", "position"},
    "enrollments": {"customer_id", "position"},
    "payments": {"record", "case_key", "first_position", "position"},
    "suspense": {"case_key", "status", "resolution", "released_at", "released_by", "position"},
    "ledger_totals": {"stale"},
    "backing": {"name", "cleared", "position", "stale"},
    "tier_changes": {"customer_id"},
    "payment_timeline": {"case_key"},
}  # fmt: skip

# Columns that say what another one says, from before the API's words were theirs.
EARLIER_NAMES = {
    "payments": {"payment_id": "provider_payment_id"},
    "enrollments": {"payment_id": "provider_payment_id"},
    "suspense": {"payment_id": "provider_payment_id", "suspense_id": "id"},
    "tier_changes": {"step": "position"},
    "payment_timeline": {"step": "position"},
    "backing": {"unbacked": "amount"},
}

# What the API says besides is in the log, which analysts do not read: the event itself.
ONLY_IN_THE_API = {
    TierChange: {"since"},
    models.TimelineStep: {"type", "stream", "recorded_at", "event_id", "causation_id", "actor", "delivery", "data"},
}  # fmt: skip

# Views that no call of the API shows as they are: each says more than the API does, or is only there to join by.
OF_SQL_ALONE = {"drift", "ledger", "payment_aliases", "payment_merges", "projection_positions"}

GROUPED = {"last_top_up": "last_top_up_", "lifetime": ""}
"""Groups of the API, and what their fields are called in a view, which has no groups."""


def words(model: type[BaseModel]) -> set[str]:
    """The fields of a model as a view would call them."""
    return {name for name, _ in _leaves(model)} - ONLY_IN_THE_API.get(model, set())  # type: ignore[call-overload]


def _leaves(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        parts = [one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)]
        inner = next((one for one in parts if issubclass(one, BaseModel)), None)
        if inner is not None and name in GROUPED:
            yield from _leaves(inner, GROUPED[name])
        else:
            yield _in_a_view(before, name), field


def _in_a_view(before: str, name: str) -> str:
    return before + ("idr" if before and name == "amount_idr" else name)


@pytest.fixture
async def filled(database_url: str, settings: Any) -> AsyncIterator[Api]:
    """Read models with rows of every kind, and such as only odd histories leave."""
    await fill(database_url, PAYMENTS)
    async with serve(settings(database_url=database_url)) as api:
        await api.pool.execute(ODD)
        yield api


ODD = """
UPDATE payments_v1 SET method = (ARRAY['qris', 'kartu ajaib', 'QRIS', NULL, 'manual'])[1 + first_position % 5];
UPDATE balances_v1 SET credit_tokens = -15 - position, tier_until = now() + interval '1 day', fallback_tier = 'gratis' WHERE position % 3 = 0;
UPDATE balances_v1 SET credit_tokens = 19, tier_until = now() - interval '1 day', fallback_tier = 'gratis' WHERE position % 3 = 1;
UPDATE spending_v1 SET frozen = 'a dispute', reserved_tokens = 7 WHERE position % 20 = 0;
UPDATE subscriptions_v1 SET expires_at = now() - interval '1 day', access_until = now() + interval '1 day', held = 'unconfirmed' WHERE position % 2 = 0;
UPDATE enrollments_v1 SET status = 'revoked', revoked_at = '2026-02-02 02:02:02.002+07', revoked_reason = 'refund' WHERE position % 2 = 0;
INSERT INTO backing_v1 (name, provider, told, grants, facts, cleared, unbacked, cases, position)
VALUES ('total xendit', 'xendit', '{}', 1, 0, 700, 700, 1, 1);
"""


async def _views(api: Api) -> dict[str, set[str]]:
    """Every view that a reader sees, with its columns."""
    rows = await api.pool.fetch("""
        SELECT c.relname, array_agg(a.attname::text) AS columns
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'lunas'::regnamespace AND c.relkind = 'v' AND has_table_privilege('lunas_reader', c.oid, 'SELECT')
        GROUP BY c.relname""")
    return {row["relname"]: set(row["columns"]) for row in rows}


async def test_every_view_of_the_readers_is_compared(api: Api) -> None:
    compared = {view for views in THINGS.values() for view in views}
    assert set(await _views(api)) == compared | OF_SQL_ALONE
    assert {table.name for one in PROJECTIONS for table in one.tables} <= compared | OF_SQL_ALONE


async def test_each_thing_has_the_same_words_in_sql_and_over_http(api: Api) -> None:
    seen = await _views(api)
    for model, views in THINGS.items():
        columns: set[str] = set()
        for view in views:
            earlier = EARLIER_NAMES.get(view, {})
            assert set(earlier.values()) <= seen[view], view
            columns |= seen[view] - earlier.keys()
        assert words(model) - columns == set(), model
    said = {view: set[str]() for view in seen}
    for model, views in THINGS.items():
        for view in views:
            said[view] |= words(model)
    for view, mine in ONLY_IN_SQL.items():
        assert seen[view] - EARLIER_NAMES.get(view, {}).keys() - mine <= said[view], view


CALLS = {
    "customers": ("/v1/customers/{customer_id}", None),
    "balances": ("/v1/customers/{customer_id}/balance", None),
    "spending": ("/v1/customers/{customer_id}/balance", None),
    "subscriptions": ("/v1/customers/{customer_id}/subscriptions", "subscription_id"),
    "enrollments": ("/v1/customers/{customer_id}/enrollments", "course"),
    "payments": ("/v1/customers/{customer_id}/payments", "provider_payment_id"),
    "tier_changes": ("/v1/customers/{customer_id}/tiers", "position"),
    "suspense": ("/v1/suspense", "id"),
    "ledger_totals": ("/v1/ledger", "unit"),
    "payment_timeline": ("/v1/payments/xendit/py-10", "position"),
}


async def test_a_thing_has_the_same_values_in_sql_and_over_http(filled: Api) -> None:
    for view, (path, key) in CALLS.items():
        rows = await _rows(filled, view)
        assert rows, view
        for row in rows:
            document = await filled.get(path.format(customer_id=row.get("customer_id")))
            said = _flat(document if key is None else _item(document, key, row[key]))
            both = (said.keys() & row.keys()) - _of_the_answer(view)
            assert {name: said[name] for name in both} == {name: row[name] for name in both}, (view, row)
            for earlier, name in EARLIER_NAMES.get(view, {}).items():
                assert row[earlier] == row[name]


async def test_money_without_a_payment_has_the_same_amount_on_both_sides(filled: Api) -> None:
    (row,) = await _rows(filled, "backing")
    (said,) = (await filled.get("/v1/ledger"))["unbacked"]
    assert said == {name: row[name] for name in said} == {"provider": "xendit", "amount": 700, "cases": 1}


async def _rows(api: Api, view: str) -> list[dict[str, Any]]:
    """Some rows, as a reader gets them and JSON writes them."""
    only = {
        "payment_timeline": "case_key = 'xendit:py-10'",
        "suspense": "status = 'held'",
        "payments": "customer_id IN ('c10', 'c15', 'c20')",
    }.get(view, "true")
    async with api.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE lunas_reader")
        found = await connection.fetch(f"SELECT * FROM {view} WHERE {only} LIMIT 24")
    return [{name: _written(value) for name, value in dict(row).items()} for row in found]


def _written(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _item(document: Any, key: str, value: object) -> Any:
    items = document["timeline"] if "timeline" in document else document["items"]
    return next(item for item in items if item[key] == value)


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    flat = {}
    for name, value in document.items():
        if name in GROUPED and isinstance(value, dict):
            flat |= {_in_a_view(GROUPED[name], inner): one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat


def _of_the_answer(view: str) -> set[str]:
    """`position` of an answer is where all read models stand, and its `stale` speaks of all it was put together from."""
    return {"position", "stale"} if CALLS[view][1] is None else set()


async def test_views_that_are_there_are_brought_to_the_words_of_new_ones(api: Api) -> None:
    """A database of before has what a new one has; its views can be made anew, and its readers read on."""
    (migration,) = [one for one in files() if "names_of_views" in one.name]
    (later,) = [one for one in files() if one.name == "0248_attestation.sql"]
    new = await _columns(api)
    await api.pool.execute(later.down)
    await api.pool.execute(migration.down)
    before = await _columns(api)
    assert ("spending", 4, "frozen") in [one[:3] for one in before]
    assert len(before) < len(new)
    await api.pool.execute(migration.up)
    await api.pool.execute(later.up)
    assert [one[:4] for one in await _columns(api)] == [one[:4] for one in new]
    # (renamed in place, so its comment stayed with it where there was one)
    added = {one[:3] for one in new} - {one[:3] for one in before} - {("spending", 4, "frozen_reason")}
    said = {one[:3]: one[4] for one in new}
    assert {one[:3]: one[4] for one in await _columns(api) if one[:3] in added} == {
        one: said[one] for one in added
    }
    for projection in PROJECTIONS:
        await versions.rebuild(api.pool, projection.name)
        await versions.switch(api.pool, projection.name)
    assert await _columns(api) == new
    await _rows(api, "spending")


async def _columns(api: Api) -> list[tuple[str, int, str, str, str]]:
    """Columns of views in their order, with type and comment."""
    return [
        tuple(row)
        for row in await api.pool.fetch("""
        SELECT c.relname::text, a.attnum::int, a.attname::text, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'lunas'::regnamespace AND c.relkind = 'v' ORDER BY 1, 2""")
    ]
