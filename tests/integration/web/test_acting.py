"""Acts through the console: who may, with what, and what two at once come to."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from html import unescape

import asyncpg
import pytest

from runtime.database import open_pool
from runtime.settings import Settings
from tests.console_visits import Doors, employ, nothing, opened_console
from tests.integration.web.conftest import signed_in
from tests.scene import play
from tests.scene import settle as decided


@pytest.fixture
async def playground(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Doors]:
    """A console over a scene of its own."""
    given = settings(database_url=database_url)
    await play(given, count=20)
    for name, role in (("sari", "operator"), ("budi", "operator"), ("vina", "viewer")):
        await employ(database_url, name, role)  # type: ignore[arg-type]
    async with opened_console(given, nothing) as doors:
        yield doors


async def refundable(store: asyncpg.Connection) -> str:
    row = await store.fetchrow(
        "SELECT provider, payment_id FROM payments WHERE status = 'succeeded' AND provider = 'xendit' AND held IS NULL ORDER BY record"
    )
    assert row is not None
    return f"/payments/{row['provider']}/{row['payment_id']}"


async def test_a_form_that_is_not_of_this_session_does_nothing(
    playground: Doors, store: asyncpg.Connection
) -> None:
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    place = await refundable(store)
    theirs = (await budi.open(place)).partition('name="csrf" value="')[2][:64]
    for sent, headers in (
        ({"reason": "x"}, {}),
        ({"reason": "x", "csrf": ""}, {}),
        ({"reason": "x", "csrf": "0" * 64}, {}),
        ({"reason": "x", "csrf": theirs}, {}),
        ({"reason": "x", "csrf": _token(await sari.open(place))}, {"Origin": "https://evil.example"}),
        ({"reason": "x", "csrf": _token(await sari.open(place))}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = await sari.client.post(f"{place}/refund", data=sent, headers=headers, allow_redirects=False)
        assert answer.status == 403
    assert await store.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'payments.refund'") == 0


async def test_a_role_may_what_it_may_and_no_more(playground: Doors, store: asyncpg.Connection) -> None:
    vina, place = await signed_in(playground, "vina"), await refundable(store)
    token = _token(await (await signed_in(playground, "sari")).open(place))
    answer = await vina.client.post(f"{place}/refund", data={"reason": "x", "csrf": token})
    assert answer.status == 403
    assert await store.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'payments.refund'") == 0


async def test_money_is_sent_back_once_and_the_second_is_told_by_whom(
    playground: Doors, store: asyncpg.Connection
) -> None:
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    place = await refundable(store)
    await sari.send(place, f"{place}/refund", 400)
    await sari.send(place, f"{place}/refund", 400, reason="they asked", amount="all of it")
    done = await sari.send(place, f"{place}/refund", reason="they asked")
    page = await sari.open(f"{done.headers['Location']}&lang=en")
    assert "they asked" in page
    assert ">sari<" in page
    again = await budi.client.get(place, headers={"Accept": "text/html"})
    answer = await budi.client.post(
        f"{place}/refund",
        data={"csrf": _token(await again.text()), "reason": "me too"},
        headers={"Accept-Language": "en"},
    )
    assert answer.status == 409
    assert "sari" in await answer.text()
    assert await store.fetchval("SELECT count(*) FROM refunds WHERE made_by = 'operator'") == 1


async def test_a_problem_is_taken_care_of_by_one_and_noted(
    playground: Doors, store: asyncpg.Connection
) -> None:
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    listed = await sari.open("/problems?lang=en")
    place = "/problems/" + listed.partition('href="/problems/')[2].partition('"')[0]
    done = await sari.send(place, f"{place}/ack", reason="I look at it")
    assert "I look at it" in await sari.open(done.headers["Location"])
    assert ">acknowledged<" in await budi.open(place)
    await sari.send(place, f"{place}/note", reason="the provider was asked")
    page = await budi.open(place)
    assert "the provider was asked" in page
    answer = await budi.client.post(
        f"{place}/ack", data={"csrf": _token(page), "reason": "me too", "owner": "sari"}
    )
    assert answer.status == 409
    assert "sari" in await answer.text()
    rows = await store.fetch("SELECT actor FROM operator_acts WHERE verb = 'problems.ack'")
    assert [row["actor"] for row in rows] == ["sari"]


async def test_somebody_is_named_for_a_problem_and_every_count_leads_to_its_list(playground: Doors) -> None:
    sari = await signed_in(playground, "sari")
    listed = await sari.open("/problems?lang=en")
    place = "/problems/" + listed.partition('href="/problems/')[2].partition('"')[0]
    assert 'name="owner"' in await sari.open(place)
    done = await sari.send(place, f"{place}/ack", reason="their shop", owner="joko")
    assert f'href="{place}"' in await sari.open(done.headers["Location"])
    assert "joko" in await sari.open(place)
    lists = set(re.findall(r'class="num"[^>]*><a href="([^"]+)">', listed))
    assert {one.partition("?")[0] for one in lists} >= {"/letters", "/suspense"}
    for one in lists:
        assert "<tr data-row>" in await sari.open(unescape(one)), one


async def test_held_money_is_claimed_once_and_the_second_is_told_by_whom(
    playground: Doors, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.claims.OUTCOME_SECONDS", 0.0)  # nobody decides here, so nobody waits for it
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    entry = await store.fetchval(
        "SELECT suspense_id FROM suspense WHERE status = 'held' ORDER BY since LIMIT 1"
    )
    customer = await store.fetchval("SELECT customer_id FROM customers ORDER BY 1 LIMIT 1")
    place = f"/suspense/{entry}"
    await sari.send(place, f"{place}/claim", 400, reason="they called", customer="nobody-of-ours")
    token = _token(await budi.open(place))
    done = await sari.send(place, f"{place}/claim", reason="they called", customer=customer)
    page = await sari.open(f"{done.headers['Location']}&lang=en")
    assert "suspense.claim" in page
    assert f"lunas suspense unclaim {entry}" in page
    sent = {"csrf": token, "reason": "me too", "customer": customer}
    answer = await budi.client.post(f"{place}/claim", data=sent)
    assert answer.status == 409
    assert "sari" in await answer.text()


async def test_a_refund_by_hand_is_taken_back_on_the_page_of_the_held_money(
    playground: Doors, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.claims.OUTCOME_SECONDS", 0.0)
    sari = await signed_in(playground, "sari")
    entry = await store.fetchval(
        "SELECT suspense_id FROM suspense WHERE status = 'held' AND amount > 5000 ORDER BY since LIMIT 1"
    )
    place = f"/suspense/{entry}"
    assert f'action="{place}/undo"' not in await sari.open(place)
    gone = {"reason": "paid at the desk", "amount": "5.000", "proof": "BCA 1"}
    done = await sari.send(place, f"{place}/refund", **gone)
    assert f"lunas suspense undo {entry}" in await sari.open(done.headers["Location"])
    page = await sari.open(place)
    # It is held still, less what went back: everything else can be done, too.
    assert f'action="{place}/undo"' in page
    assert f'action="{place}/claim"' in page
    undone = await sari.send(place, f"{place}/undo", reason="another's")
    record = await sari.open(undone.headers["Location"])
    assert "suspense.unrefund" in record
    assert "--by-hand --proof" in record
    assert f'action="{place}/undo"' not in await sari.open(place)


async def test_a_settlement_is_taken_back_on_the_letters_page(
    playground: Doors, store: asyncpg.Connection, database_url: str, settings: Callable[..., Settings]
) -> None:
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    letter = await store.fetchval(
        "SELECT dead_letter_id FROM dead_letters WHERE status = 'open' ORDER BY 1 LIMIT 1"
    )
    customer = await store.fetchval("SELECT customer_id FROM customers ORDER BY 1 LIMIT 1")
    place = f"/letters/{letter}"
    said = {"reason": "read it there", "customer": customer, "amount": "50.000", "payment": "py-read"}
    done = await sari.send(place, f"{place}/settle", **said)
    assert f"lunas dlq unsettle {letter}" in await sari.open(done.headers["Location"])
    token = _token(await budi.open(place))
    async with open_pool(settings(database_url=database_url), "test") as pool:
        await decided(pool)
    taken = await sari.send(place, f"{place}/unsettle", reason="it was another's")
    page = await sari.open(f"{taken.headers['Location']}?lang=en")
    assert "it was another&#39;s" in page
    assert "a person&#39;s word that it came" in page
    assert await store.fetchval("SELECT status FROM dead_letters WHERE dead_letter_id = $1", letter) == "open"
    answer = await budi.client.post(f"{place}/unsettle", data={"csrf": token, "reason": "me too"})
    assert answer.status == 409
    assert "sari" in await answer.text()


async def test_an_act_is_taken_back_on_the_page_of_its_record_once(
    playground: Doors, store: asyncpg.Connection
) -> None:
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    vina = await signed_in(playground, "vina")
    customer = await store.fetchval(
        "SELECT customer_id FROM balances WHERE customer_id <> '' ORDER BY 1 LIMIT 1"
    )
    done = await sari.send(f"/customers/{customer}", f"/customers/{customer}/freeze", reason="a debt")
    act = done.headers["Location"].split("?")[0]
    assert f'action="{act}/revert"' not in await vina.open(act)
    token = _token(await budi.open(act))
    taken = await sari.send(act, f"{act}/revert", reason="paid in the meantime")
    page = await sari.open(f"{taken.headers['Location']}&lang=en")
    assert "credit.unfreeze" in page
    assert "paid in the meantime" in page
    assert f'action="{act}/revert"' not in await sari.open(act), "something came after it"
    answer = await budi.client.post(f"{act}/revert", data={"csrf": token, "reason": "me too"})
    assert answer.status == 409
    assert "sari" in await answer.text()
    verbs = await store.fetch("SELECT verb FROM operator_acts WHERE target = $1 ORDER BY act_id", customer)
    assert [row["verb"] for row in verbs] == ["credit.freeze", "credit.unfreeze"]


def _token(page: str) -> str:
    return page.partition('name="csrf" value="')[2][:64]


async def test_a_rate_that_is_none_is_a_wrong_question(playground: Doors, store: asyncpg.Connection) -> None:
    plan = await store.fetchval("SELECT min(plan_id::text) FROM replay_plans WHERE status = 'planned'")
    sari = await signed_in(playground, "sari")
    for rate in ("fast", "0", "nan", "-1", "1e9"):
        await sari.send(f"/replay/{plan}", f"/replay/{plan}/apply", 400, reason="mended", rate=rate)
    assert await store.fetchval("SELECT status FROM replay_plans WHERE plan_id::text = $1", plan) == "planned"
