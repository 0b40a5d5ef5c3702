"""The pages on which a person pays: plain forms, and nothing that a name or amount could break out of."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from providers.fakes.bills import ACTS
from providers.fakes.page_words import WORDS
from tests.unit.providers.fakes.stand import Caller, WebhookDoor
from tests.unit.providers.fakes.test_xendit_requests import GOPAY, OVO, VA, create
from tests.waiting import until


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


async def page(caller: Caller, path: str) -> tuple[int, str]:
    async with caller.session.get(caller.served.address + path) as answer:
        return answer.status, await answer.text()


async def press(caller: Caller, path: str, **form: str) -> tuple[int, str]:
    async with caller.session.post(caller.served.address + path, data=form) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("changes", [{}, VA, OVO, GOPAY])
async def test_a_page_shows_how_to_pay_and_what_can_happen(
    caller: Caller, changes: dict[str, object]
) -> None:
    made = await create(caller, **changes)
    status, text = await page(caller, "/fake/pay/xendit/topup-1")
    assert status == 200
    assert "Rp 50.000" in text
    for action in made["actions"]:
        assert action["value"].startswith("http") or action["value"] in text
    for act in ("pay", "fail", "expire"):
        assert f'value="{act}"' in text


async def test_a_person_pays_and_gives_back_with_plain_forms(caller: Caller, door: WebhookDoor) -> None:
    await create(caller)
    status, text = await press(caller, "/fake/pay/xendit/topup-1", act="pay", amount="30.000")
    assert status == 200
    assert "SUCCEEDED" in text
    assert "Rp 30.000" in text
    await press(caller, "/fake/pay/xendit/topup-1", act="refund", amount="10000")
    await until(lambda: len(door.taken) == 2)
    assert [one.document["event"] for one in door.taken] == ["payment.capture", "refund.succeeded"]


@pytest.mark.parametrize(
    "form",
    [
        {"act": "fly"},
        {"act": "refund"},
        {"act": "pay", "amount": "a lot"},
        {"act": "pay", "amount": "0"},
        {"act": "pay", "amount": "²"},
        {"act": "pay", "amount": "1.5"},
        {"act": "pay", "amount": "50.00"},
        {"act": "pay", "amount": "-5000"},
        {"act": "pay", "amount": "9" * 5000},
        {},
    ],
)
async def test_what_is_not_possible_is_said_on_the_page(caller: Caller, form: dict[str, str]) -> None:
    await create(caller)
    status, text = await press(caller, "/fake/pay/xendit/topup-1", **form)
    assert status == 409
    assert "verdict" in text


async def test_a_page_is_safe_and_needs_no_script(caller: Caller) -> None:
    evil = '"><script>alert(1)</script>'
    await create(caller, reference_id=evil)
    for path in ("/fake", "/fake/pay/xendit/pr-2884f94a-bdab-4406-bf2c-bf6ee12ae772"):
        async with caller.session.get(caller.served.address + path) as answer:
            tags = _Tags()
            tags.feed(await answer.text())
            assert "script" not in tags.names
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_payment_nobody_asked_for_has_no_page(caller: Caller) -> None:
    assert (await page(caller, "/fake/pay/xendit/none"))[0] == 404
    assert (await page(caller, "/fake/pay/paypal/none"))[0] == 404


def test_every_act_has_a_word() -> None:
    assert set(ACTS) <= set(WORDS)


async def test_every_page_is_whole_in_english_and_in_indonesian(caller: Caller, door: WebhookDoor) -> None:
    await create(caller)
    await caller.control("POST", "/sales/mayar", {"product": "Paket Silver", "email": "a@contoh.id"})
    paths = ["/fake", "/fake/pay/xendit/none"]
    for bill in (await caller.control("GET", "/payments"))[1]:
        paths.append(f"/fake/pay/{bill['provider']}/{bill['key']}")
    await press(caller, paths[2], act="pay", amount="30000")
    await until(lambda: len(door.taken) >= 3)
    for path in paths:
        # What a provider calls a state is its own word.
        english, indonesian = [
            re.sub(r'<span class="chip[^<]*</span>', "", (await page(caller, f"{path}?lang={language}"))[1])
            for language in ("en", "id")
        ]
        assert '<html lang="en">' in english
        assert '<html lang="id">' in indonesian
        for en, id_ in WORDS.values():
            if "{" not in en and en != id_:
                assert f">{id_}<" not in english, (path, id_)
                assert f">{en}<" not in indonesian or en in ("English",), (path, en)


async def test_the_language_is_the_browsers_and_stays_what_was_chosen(caller: Caller) -> None:
    await create(caller)
    path = f"{caller.served.address}/fake/pay/xendit/topup-1"
    for said, expected in (("en-GB", "en"), ("id", "id"), ("fr", "id"), ("", "id")):
        async with caller.session.get(path, headers={"Accept-Language": said}) as answer:
            assert answer.headers["Content-Language"] == expected
    async with caller.session.post(f"{path}?lang=en", data={"act": "pay"}) as answer:
        assert answer.url.query["lang"] == "en"
        assert "Pay again" in await answer.text()
