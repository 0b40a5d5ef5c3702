"""Pages that show: over a day of real payments, as operators and viewers see them."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import asyncpg
import pytest

from console.causes import DATABASE
from console.overview import Overview
from runtime.ids import utc_now
from runtime.settings import Settings
from tests.console_visits import Visitor, opened_console
from tests.integration.web.conftest import signed_in
from tests.scene import ACT, REFUSED, START, pages_of

MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[a-z]{2,}")


async def payment_of(scene_url: str, condition: str) -> asyncpg.Record:
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    try:
        row = await store.fetchrow(f"SELECT * FROM payments WHERE {condition} ORDER BY record LIMIT 1")
    finally:
        await store.close()
    assert row is not None
    return row


async def test_a_payment_is_shown_with_all_that_happened_to_it(sari: Visitor, scene_url: str) -> None:
    payment = await payment_of(scene_url, "status = 'partially_refunded' AND customer_id IS NOT NULL")
    page = await sari.open(f"/payments/{payment['provider']}/{payment['payment_id']}?lang=en")
    for words in (
        "credited",
        "credit taken back",
        "credit.granted",
        "exact bytes",
        "partially_refunded",
        "sent back",
    ):
        assert words in page
    assert f"lunas payments show {payment['provider']} {payment['payment_id']}" in page
    assert page.count('<td class="num soft">0</td>') == 2  # postings sum to zero in rupiah and in tokens
    assert "Send money back" in page


async def test_one_thing_that_is_found_is_opened_at_once_and_several_are_listed(
    sari: Visitor, scene_url: str
) -> None:
    payment = await payment_of(scene_url, "held IS NULL AND status = 'succeeded'")
    led = await sari.client.get(f"/find?q={payment['payment_id']}", allow_redirects=False)
    assert led.headers["Location"] == f"/payments/{payment['provider']}/{payment['payment_id']}"
    listed = await sari.open("/find?q=50000&lang=en")
    assert "lunas find 50000" in listed
    assert listed.count("<tr data-row>") >= 2
    assert "Nothing is known as" in await sari.open("/find?q=nothing-is-called-so&lang=en")
    assert "<form" in await sari.open("/find")


async def test_every_kind_of_thing_can_be_in_a_list(sari: Visitor, scene_url: str) -> None:
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    try:
        ids = [
            await store.fetchval(statement)
            for statement in (
                "SELECT delivery_id FROM dead_letters ORDER BY 1 LIMIT 1",
                "SELECT customer_id FROM customers ORDER BY 1 LIMIT 1",
                "SELECT suspense_id FROM suspense ORDER BY 1 LIMIT 1",
                "SELECT subscription_id FROM subscriptions ORDER BY 1 LIMIT 1",
                "SELECT course FROM enrollments ORDER BY 1 LIMIT 1",
                "SELECT email FROM customers ORDER BY 1 LIMIT 1",
            )
        ]
    finally:
        await store.close()
    for each in [*ids, REFUSED, ACT]:
        page = await sari.open("/find?stay&q=" + quote(str(each), safe=""))
        assert "<tr data-row>" in page, each


async def test_what_does_not_exist_is_told_in_words(sari: Visitor) -> None:
    page = await sari.open("/payments/xendit/none?lang=en", 404)
    assert "There is no such thing" in page


async def test_a_page_speaks_the_language_that_was_chosen(sari: Visitor) -> None:
    indonesian = {"Accept": "text/html", "Accept-Language": "id-ID,id;q=0.9,en;q=0.8"}
    async with sari.client.get("/find", headers=indonesian) as answer:
        assert '<html lang="id">' in await answer.text()
    assert '<html lang="en">' in await sari.open("/find?lang=en")
    async with sari.client.get("/find", headers=indonesian) as answer:  # remembered
        assert '<html lang="en">' in await answer.text()


async def test_a_viewer_is_not_offered_what_they_may_not_do(vina: Visitor, scene_url: str) -> None:
    payment = await payment_of(scene_url, "status = 'succeeded' AND customer_id IS NOT NULL")
    place = f"/payments/{payment['provider']}/{payment['payment_id']}"
    assert "Send money back" not in await vina.open(f"{place}?lang=en")
    refused = await vina.client.post(f"{place}/refund", data={"reason": "x"})
    assert refused.status == 403


async def test_now_shows_corrections_that_wait_for_another_person_and_leads_to_them(
    scene_settings: Settings,
) -> None:
    waiting = {"count": 2, "amount": 9_000_000, "oldest": utc_now() - timedelta(hours=5)}
    looks = [Overview(at=utc_now(), corrections=waiting)]

    async def looking(_settings: Settings) -> Overview:
        return looks[0]

    async with opened_console(scene_settings, looking) as doors:
        sari = await signed_in(doors, "sari")
        page = await sari.open("/?lang=en")
        assert "Corrections to approve" in page
        assert "Rp 9,000,000" in page
        assert 'href="/corrections?status=proposed"' in page
    looks[0] = Overview(at=utc_now(), corrections=waiting | {"count": 0})
    async with opened_console(scene_settings, looking) as doors:
        sari = await signed_in(doors, "sari")
        assert "Corrections to approve" not in await sari.open("/?lang=en")


async def test_now_is_shown_and_kept_up_to_date(scene_settings: Settings) -> None:
    seen = Overview(parked={"count": 3, "amount": 50_000, "unknown": 2})
    seen.add("the <b>database</b> is away: `lunas doctor`", DATABASE, "away")
    looks = [seen, seen, Overview()]

    async def looking(_settings: Settings) -> Overview:
        return looks.pop(0) if len(looks) > 1 else looks[0]

    async with opened_console(scene_settings, looking) as doors:
        sari = await signed_in(doors, "sari")
        page = await sari.open("/?lang=en")
        assert "Something stands still" in page
        assert "&lt;b&gt;database&lt;/b&gt;" in page
        assert "<code>lunas doctor</code>" in page
        assert "amounts not readable: 2" in page
        async with sari.client.get("/now?lang=en") as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            told = ""
            async for line in stream.content:
                told += line.decode()
                if "All is well." in told:
                    break
        assert "event: now\n" in told


async def test_while_the_database_is_away_who_was_here_sees_what_is_wrong(
    scene_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_console(scene_settings) as doors:
        sari = await signed_in(doors, "sari")
        stranger = await doors.visitor()
        await sari.open("/")

        async def refused(*_: object, **__: object) -> None:
            raise OSError

        monkeypatch.setattr("console.web.connections.Connections._opened", refused)
        page = await sari.open("/?lang=en")
        assert "Sign out" in page
        assert ">viewer<" in page
        assert "PostgreSQL does not answer" in await sari.open("/find?q=50000&lang=en", 503)
        await stranger.sign_in("sari", "correct horse battery", status=503)


async def test_a_viewer_sees_no_personal_data_on_any_page(
    sari: Visitor, vina: Visitor, scene_url: str
) -> None:
    seen_by_operators = 0
    for path in await pages_of(scene_url):
        assert [found for found in MAIL.findall(await vina.open(path)) if "\N{BULLET}" not in found] == [], (
            path
        )
        seen_by_operators += len(MAIL.findall(await sari.open(path)))
    assert seen_by_operators > 0


async def test_what_strangers_wrote_is_text_on_every_page(sari: Visitor, scene_url: str) -> None:
    for path in await pages_of(scene_url):
        page = await sari.open(path)
        assert "<img" not in page, path
        assert page.count("<script") == 1, path


async def test_exact_bytes_are_kept_as_they_came_and_not_given_to_viewers(
    sari: Visitor, vina: Visitor, scene_url: str
) -> None:
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    row = await store.fetchrow("SELECT delivery_id, body FROM deliveries ORDER BY delivery_id LIMIT 1")
    await store.close()
    assert row is not None
    path = f"/deliveries/{row['delivery_id']}"
    async with sari.client.get(f"{path}/raw") as answer:
        assert await answer.read() == row["body"]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.content_type == "application/octet-stream"
    assert (await vina.client.get(f"{path}/raw")).status == 403
    assert "Operators see what was sent" in await vina.open(f"{path}?lang=en")


async def test_a_filter_of_a_list_is_in_its_address_and_in_the_command(sari: Visitor) -> None:
    page = await sari.open("/deliveries?status=duplicate&provider=xendit&lang=en")
    assert "lunas webhooks list --provider xendit --status duplicate" in page
    assert page.count("<tr data-row>") >= 1
    assert '<option value="duplicate" selected>' in page
    assert "Nothing fits" in await sari.open("/deliveries?event=no.such&lang=en")
    await sari.open("/deliveries?since=yesterdayish", 400)
    await sari.open("/deliveries/none", 404)


async def test_an_act_is_found_with_why_and_the_way_back(sari: Visitor) -> None:
    assert str(ACT) in await sari.open(f"/audit?verb=dlq&since={START:%Y-%m-%d}")
    page = await sari.open(f"/audit/{ACT}?lang=en")
    for words in ("a test of theirs", "lunas dlq reopen letter-1", "discarded"):
        assert words in page


async def test_money_that_waits_for_its_providers_word_says_so_on_its_pages(
    sari: Visitor, scene_url: str
) -> None:
    payment = await payment_of(scene_url, "held = 'awaiting_confirmation'")
    page = await sari.open(f"/payments/{payment['provider']}/{quote(payment['payment_id'], safe='')}?lang=en")
    assert "vouched for by a webhook's token alone" in page.replace("&#39;", "'")
    assert "has not been asked yet" in page
    entry = re.search(r'href="(/suspense/[^"]+)"', page)
    assert entry is not None
    held = await sari.open(f"{entry[1]}?lang=en")
    assert "is granted when money of" in held


@pytest.mark.parametrize(
    "path",
    ["/find?q=%00", "/payments/xendit/%00", "/customers/a%00b", "/deliveries?event=%00", "/audit?actor=%00", "/streams/%00", "/api/problems/%00"],
)  # fmt: skip
async def test_what_is_no_text_is_a_wrong_question_and_no_failure_of_ours(sari: Visitor, path: str) -> None:
    answer = await sari.client.get(path, allow_redirects=False)
    assert answer.status == 400
    assert "NUL" in await answer.text()
