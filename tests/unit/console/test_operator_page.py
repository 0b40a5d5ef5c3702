"""The operator page: who may see it, and that nothing it shows can become markup."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from console.causes import READERS
from console.language import speaking
from console.operator_page.app import offered_key
from console.operator_page.page import render
from console.operator_page.style import POLICY
from console.overview import Overview, Trouble
from console.probes import Probed
from console.queues import QueueState

KEY = "dev-operator-key"
AT = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (basic(f"sari:{KEY}"), True),
        (basic(f":{KEY}"), True),
        (f"Bearer {KEY}", True),
        ("", False),
        (basic("sari:"), False),
        (basic(f"{KEY}:"), False),
        (basic("sari:wrong"), False),
        ("Basic not-base64!", False),
        (f"Basic {KEY}", False),
        ("Basic " + base64.b64encode(b"\xff\xfe").decode(), False),
        ("Bearer ", False),
        # Bytes that are no UTF-8, as aiohttp hands them on.
        ("Bearer " + b"\xff".decode("utf-8", "surrogateescape"), False),
        ("Basic " + b"\xff".decode("utf-8", "surrogateescape"), False),
        (f"Digest {KEY}", False),
    ],
)
def test_only_the_operator_key_opens_it(header: str, allowed: bool) -> None:
    assert (offered_key(header) == KEY) is allowed


def overview() -> Overview:
    return Overview(
        at=AT,
        position=12,
        processes={"ingress": Probed("http://x/readyz", "ready")},
        queues=[QueueState("<script>alert(1)</script>", True, 3, 1)],
        providers=[{"provider": "<b>", "last_event_at": AT, "last_day": 1, "slow": 0}],
        parked={"count": 1, "amount": 50_000, "unknown": 0},
        suspense={"count": 0, "amount": 0, "oldest": None},
        quarantine={"count": 2, "newest": AT},
        readers=[
            {"name": "<i>", "version": 1, "position": 12, "behind": 0, "lag_seconds": 0.0, "live": True}
        ],
        troubles=[Trouble("<img src=x onerror=alert(1)>"), Trouble("see `lunas <u>`")],
    )


def test_every_value_is_escaped() -> None:
    page = render(overview())
    assert "&lt;script&gt;" in page
    for markup in ("<script", "<img", "<b>", "<i>", "<u>"):
        assert markup not in page
    assert "Rp 50,000" in page or "Rp 50.000" in page


def test_a_page_without_services_still_says_what_is_wrong() -> None:
    page = render(Overview(troubles=[Trouble("PostgreSQL does not answer")]))
    assert "PostgreSQL does not answer" in page
    assert page.startswith("<!doctype html>")
    assert "log position" not in page


def test_commands_in_sentences_are_shown_as_code() -> None:
    page = render(overview())
    assert "<li>see <code>lunas &lt;u&gt;</code></li>" in page
    assert "`" not in page.partition("</style>")[2]


def test_a_missing_queue_is_not_an_empty_one() -> None:
    seen = overview()
    seen.queues = [QueueState("lunas.webhooks.p0", exists=False)]
    assert '<span class="bad">missing</span>' in render(seen)


def test_parked_money_that_cannot_be_read_is_counted() -> None:
    seen = overview()
    seen.parked = {"count": 3, "amount": 50_000, "unknown": 2}
    assert "(and 2 whose amount cannot be read)" in render(seen)


def test_the_tab_tells_whether_a_person_is_needed() -> None:
    assert "<title>✗ 2 · lunas</title>" in render(overview())
    assert "<title>✓ lunas</title>" in render(Overview())


def test_every_table_names_its_columns_and_rows() -> None:
    for table in render(overview()).split("<table>")[1:]:
        columns = table.partition("</thead>")[0].count('<th scope="col"')
        rows = table.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
        assert columns >= 2
        assert rows
        for row in rows:
            assert row.startswith('<th scope="row">')
            assert row.count("<td") == columns - 1


def test_only_the_style_of_the_page_is_allowed() -> None:
    page = render(overview())
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "unsafe" not in POLICY
    assert 'style="' not in page


def test_a_reader_of_the_page_has_a_language_of_their_own() -> None:
    with speaking("id"):
        page = render(overview())
    assert '<html lang="id">' in page
    assert "Uang yang menunggu" in page
    assert '<html lang="en">' in render(overview())


def test_what_follows_from_a_cause_stands_inside_it() -> None:
    seen = Overview()
    seen.add("balances stand still", READERS, "behind", of="projections")
    seen.add("projections hang", "projections", "silent")
    assert "<li>projections hang<ul><li>balances stand still</li></ul></li>" in render(seen)
