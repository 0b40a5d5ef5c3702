"""Providers' own lists, whatever they hold: what can be used is used, the rest is told row by row, and nothing else escapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.mayar.lists import MayarLists
from providers.outgoing import CallFailed, Reply
from providers.reconciling import ListClient, ListedPayment, ListPage, UnreadableRow
from providers.scalev.lists import ScalevLists
from providers.xendit.lists import XenditLists

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
AT = "2026-11-01T03:00:00.000Z"
STABLE = settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip

PAYMENT = {"event": "payment.received", "data": {"transactionId": "tx-1", "amount": 50_000, "customerEmail": "a@b.id"}}  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "xendit": {"id": "txn_1", "product_id": "py-1", "type": "PAYMENT", "status": "SUCCESS", "amount": 50_000, "cashflow": "MONEY_IN", "created": AT},
    "scalev": {"id": "r-1", "order_id": "261101AB", "payment_status": "paid", "gross_revenue": 50_000, "paid_time": AT, "created_at": AT},
    "mayar": {"id": "h-1", "createdAt": AT, "payload": json.dumps(PAYMENT)},
}  # fmt: skip
CLIENTS: dict[str, Callable[[Any], ListClient]] = {
    "xendit": XenditLists,
    "scalev": ScalevLists,
    "mayar": MayarLists,
}
ANY_PROVIDER = pytest.mark.parametrize("provider", CLIENTS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@dataclass
class Answers:
    """Stands for a provider's API: the next documents, and what was asked."""

    documents: list[Any]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def call(self, _operation: str, _method: str, path: str, *, query: Any = None, **_: Any) -> Reply:
        self.asked.append((path, dict(query or {})))
        document = self.documents.pop(0)
        if isinstance(document, CallFailed):
            raise document
        return Reply(200, document)


async def read(provider: str, rows: list[Any], **more: Any) -> list[ListedPayment | UnreadableRow]:
    client = CLIENTS[provider](Answers([{"data": rows, **more}]))
    return list((await client.page(client.lists[0], SINCE, None)).rows)


@ANY_PROVIDER
async def test_a_good_row_is_a_payment(provider: str) -> None:
    (row,) = await read(provider, [GOOD[provider]])
    assert isinstance(row, ListedPayment)
    assert (row.status, row.amount, row.at) == ("paid", 50_000, datetime(2026, 11, 1, 3, tzinfo=UTC))


MORE: dict[str, dict[str, Any]] = {
    "xendit": {"has_more": True},
    "scalev": {"has_next": True, "next_cursor": "c-1"},
    "mayar": {"hasMore": True, "nextStartingAfter": "c-1"},
}
CURSORS = {"scalev": "next_cursor", "mayar": "nextStartingAfter"}


async def page_of(provider: str, rows: list[Any], **more: Any) -> ListPage:
    client = CLIENTS[provider](Answers([{"data": rows, **more}]))
    return await client.page(client.lists[0], SINCE, None)


@ANY_PROVIDER
@pytest.mark.parametrize("last", [None, 5, "row", {}, {"id": None}, {"id": ""}, {"id": 7}])
async def test_a_page_that_ends_in_rubbish_is_not_the_last_one(provider: str, last: Any) -> None:
    """The rest of the list would be left out, and the run would say that nothing is missing."""
    page = await page_of(provider, [GOOD[provider], last], **MORE[provider])
    assert (page.following is not None, page.cut_off) == (True, False)


@ANY_PROVIDER
@pytest.mark.parametrize("cursor", [None, "", 5, [], {"after": "c-1"}])
async def test_a_list_that_has_more_and_does_not_say_where_is_cut_off(provider: str, cursor: Any) -> None:
    rows = [None, {**GOOD[provider], "id": cursor}] if provider == "xendit" else [GOOD[provider]]
    given = MORE[provider] | ({CURSORS[provider]: cursor} if provider in CURSORS else {})
    assert (await page_of(provider, rows, **given)).cut_off
    assert not (await page_of(provider, [GOOD[provider]])).cut_off


PLAN = {"id": "repl-1", "status": "ACTIVE", "updated": AT}
CYCLE = {"id": "cyc-1", "status": "SUCCEEDED", "amount": 99_000, "updated": AT}


@pytest.mark.parametrize("odd", [None, 5, "row", [], {"status": "SUCCEEDED"}])
async def test_rubbish_among_the_charges_of_a_plan_is_told_one_by_one(odd: Any) -> None:
    rows = await XenditLists(Answers([PLAN, {"data": [odd, CYCLE]}])).plan("repl-1", SINCE)  # type: ignore[arg-type]
    assert [type(one) for one in rows] == [ListedPayment, UnreadableRow, ListedPayment]


@pytest.mark.parametrize("last", [CYCLE, None])
async def test_charges_of_a_plan_are_read_on_behind_rubbish_and_a_list_cut_off_is_told(last: Any) -> None:
    whole = [PLAN, {"data": [CYCLE, last], "has_more": True}, {"data": [{**CYCLE, "id": "cyc-2"}]}]
    rows = await XenditLists(Answers(whole)).plan("repl-1", SINCE)  # type: ignore[arg-type]
    assert [one.called for one in rows if isinstance(one, ListedPayment)][-1] == "cyc-2"
    cut = [PLAN, {"data": [None], "has_more": True}]
    rows = await XenditLists(Answers(cut)).plan("repl-1", SINCE)  # type: ignore[arg-type]
    assert [one.reason for one in rows if isinstance(one, UnreadableRow)] == ["not_an_object", "list_cut_off"]


AMOUNTS = {"xendit": "amount", "scalev": "gross_revenue"}


@ANY_PROVIDER
@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (-1, "amount_negative"), (10**16, "amount_too_large"), (1e300, "amount_malformed"), (0.5, "amount_fractional"), ("50.000", "amount_malformed"),
        (None, "amount_missing"), (True, "amount_malformed"), ([], "amount_malformed"),
    ],
)  # fmt: skip
async def test_an_absurd_amount_is_told_and_its_neighbours_are_read(
    provider: str, amount: Any, reason: str
) -> None:
    if provider == "mayar":
        absurd = {
            **GOOD[provider],
            "payload": json.dumps({**PAYMENT, "data": {**PAYMENT["data"], "amount": amount}}),
        }  # type: ignore[dict-item]
    else:
        absurd = {**GOOD[provider], AMOUNTS[provider]: amount}
    wrong, right = await read(provider, [absurd, GOOD[provider]])
    assert isinstance(wrong, UnreadableRow)
    assert wrong.reason == reason
    assert isinstance(right, ListedPayment)


@ANY_PROVIDER
@pytest.mark.parametrize("document", [None, [], "x", {}, {"data": None}, {"data": {}}, {"data": "rows"}])
async def test_a_page_that_is_none_is_a_failed_call(provider: str, document: Any) -> None:
    client = CLIENTS[provider](Answers([document]))
    with pytest.raises(CallFailed) as failed:
        await client.page(client.lists[0], SINCE, None)
    assert (failed.value.outcome, failed.value.code) == ("unknown", "provider_unreadable")


@ANY_PROVIDER
@pytest.mark.parametrize("odd", [None, 5, "row", [], {}])
async def test_rows_that_are_none_are_told_one_by_one(provider: str, odd: Any) -> None:
    wrong, right = await read(provider, [odd, GOOD[provider]])
    assert (type(wrong), type(right)) == (UnreadableRow, ListedPayment)


@given(provider=st.sampled_from(sorted(CLIENTS)), field_value=JSON, data=st.data())
@STABLE
async def test_whatever_stands_in_a_row_nothing_but_a_failed_call_escapes(
    provider: str, field_value: Any, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(GOOD[provider])))
    row = {**GOOD[provider], name: field_value}
    if provider == "mayar" and data.draw(st.booleans()):
        inner = data.draw(st.sampled_from(["event", "data"]))
        row = {**GOOD[provider], "payload": json.dumps({**PAYMENT, inner: field_value})}
    rows = await read(provider, [row, field_value, GOOD[provider]], has_more=field_value, hasMore=field_value, next_cursor=field_value)  # fmt: skip
    assert all(isinstance(one, ListedPayment | UnreadableRow) for one in rows)
    assert isinstance(rows[-1], ListedPayment)


@given(provider=st.sampled_from(sorted(CLIENTS)), document=JSON)
@STABLE
async def test_whatever_a_provider_says_of_one_payment_nothing_but_a_failed_call_escapes(
    provider: str, document: Any
) -> None:
    names = {"xendit": "py-1", "scalev": "123", "mayar": "11111111-2222-4333-8444-555555555555"}
    client = CLIENTS[provider](Answers([document] * 5))
    with suppress(CallFailed):
        told = await client.ask(ListedPayment(names=(names[provider],), status="paid", webhook=b"{}"))
        assert told is None or told.status


@ANY_PROVIDER
async def test_what_a_provider_does_not_know_is_nothing(provider: str) -> None:
    names = {"xendit": "py-1", "scalev": "123", "mayar": "11111111-2222-4333-8444-555555555555"}
    unknown = CallFailed("refused", "provider_refused", status=404)
    client = CLIENTS[provider](Answers([unknown] * 5))
    assert await client.ask(ListedPayment(names=(names[provider],), status="paid")) is None


async def test_mayars_lists_are_asked_for_no_page_that_may_be_old() -> None:
    answers = Answers([{"data": [], "hasMore": False}])
    await MayarLists(answers).page("history", SINCE, None)  # type: ignore[arg-type]
    assert all(int(query["limit"]) <= 40 for _, query in answers.asked)


async def test_a_list_is_read_no_further_back_than_was_asked_for() -> None:
    old = "2025-01-01T00:00:00.000Z"
    history = Answers([{"data": [{**GOOD["mayar"], "createdAt": old}], "hasMore": True, "nextStartingAfter": "x"}])  # fmt: skip
    assert await MayarLists(history).page("history", SINCE, None) == await MayarLists(Answers([{"data": []}])).page("history", SINCE, None)  # type: ignore[arg-type] # fmt: skip
    orders = Answers([{"data": [{**GOOD["scalev"], "paid_time": old, "created_at": old}], "has_next": True, "next_cursor": "x"}])  # fmt: skip
    page = await ScalevLists(orders).page("paid", SINCE, None)  # type: ignore[arg-type]
    assert (page.rows, page.following) == ((), None)
