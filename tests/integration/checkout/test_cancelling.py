"""A payer who does not want to pay after all, at the fake Xendit: told first, recorded once, and money that comes all the same counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from providers.fakes.app import ServedFakes, Wishes, accounts_of, serving
from providers.fakes.world import FakeWorld
from runtime.settings import load_settings
from tests.integration.checkout.conftest import Shop, all_at_once, opened
from tests.integration.checkout.fakes import SHORT_SILENCE
from tests.integration.checkout.test_topups import QRIS, paid

KEY = "xnd_test"


@pytest.fixture
async def fakes() -> AsyncIterator[ServedFakes]:
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    accounts = accounts_of(settings, Wishes(("xendit",), 0, webhooks="http://127.0.0.1:9", key=KEY))
    async with serving(accounts, FakeWorld()) as served:
        yield served


@pytest.fixture
async def till(shop_settings: Any, fakes: ServedFakes) -> AsyncIterator[Shop]:
    """A shop in front of the fake."""
    given = shop_settings(xendit_base_url=fakes.bases["xendit"], xendit_secret_key=KEY)
    async with opened(given) as shop:
        await shop.customer()
        yield shop


def at_xendit(fakes: ServedFakes, key: str) -> Any:
    kept: Any = fakes.world.providers["xendit"].memory()
    return kept.requests[key]


async def cancel(shop: Shop, made: dict[str, Any]) -> int:
    path = urlsplit(made["payment_page_url"]).path
    async with shop.client.post(f"{path}/cancel", allow_redirects=False) as answer:
        return answer.status


async def test_cancelled_by_its_payer_a_top_up_is_over_here_and_there_and_the_next_one_is_new(
    till: Shop, fakes: ServedFakes
) -> None:
    made = await till.post("/v1/topups", QRIS, **{"Idempotency-Key": "k"})
    assert await all_at_once([cancel(till, made) for _ in range(5)]) == [303] * 5
    assert at_xendit(fakes, made["xendit_id"]).status == "CANCELED"
    await till.settle()
    assert await till.log() == ["checkout.requested", "checkout.opened", "checkout.refused"]
    seen = await till.get(f"/v1/topups/{made['payment_id']}")
    assert (seen["status"], seen["failure_code"]) == ("failed", "request_cancelled")
    page = await till.client.get(urlsplit(made["payment_page_url"]).path)
    assert "Pembayaran dibatalkan" in await page.text()
    for language, said in (("id", "membatalkan"), ("en", "cancelled")):
        headers = {"Idempotency-Key": "k", "Accept-Language": language}
        refused = await till.post("/v1/topups", QRIS, 409, **headers)
        assert refused["code"] == "request_cancelled"
        assert said in refused["detail"]
    assert (await till.post("/v1/topups", QRIS))["payment_id"] != made["payment_id"]


async def test_money_that_comes_for_a_cancelled_top_up_is_credited_and_its_page_a_receipt(till: Shop) -> None:
    made = await till.post("/v1/topups", QRIS)
    assert await cancel(till, made) == 303
    await till.settle()
    await till.hear(paid(made["xendit_id"]))
    assert (await till.get("/v1/customers/budi/balance"))["credit_tokens"] == 500_000
    page = await till.client.get(urlsplit(made["payment_page_url"]).path)
    assert "Lunas. Terima kasih!" in await page.text()


async def test_who_paid_a_moment_before_cannot_cancel(till: Shop, fakes: ServedFakes) -> None:
    made = await till.post("/v1/topups", QRIS)
    fakes.world.act("xendit", made["xendit_id"], "pay", None)
    assert await cancel(till, made) == 409
    assert await till.log() == ["checkout.requested", "checkout.opened"]


@pytest.mark.parametrize("does", ["timeout", "drop_after"])
async def test_a_cancelling_without_an_answer_is_asked_again_and_recorded_once(
    till: Shop, fakes: ServedFakes, does: str
) -> None:
    made = await till.post("/v1/topups", QRIS)
    wish = {"do": does, "method": "POST", "path": "/v3/payment_requests/", "times": 99} | SHORT_SILENCE.get(
        does, {}
    )
    switch = fakes.world.switches.turn_on(wish, fakes.world.known_switches("xendit"))
    first = await cancel(till, made)
    assert first in (303, 409, 503)
    fakes.world.switches.turn_off(switch.number)
    assert await cancel(till, made) == 303
    assert at_xendit(fakes, made["xendit_id"]).status == "CANCELED"
    assert await till.log() == ["checkout.requested", "checkout.opened", "checkout.refused"]


async def test_an_application_gets_the_code_as_pictures_while_it_can_be_paid(till: Shop) -> None:
    made = await till.post("/v1/topups", QRIS)
    for name, kind in (("qr_svg_url", "image/svg+xml"), ("qr_png_url", "image/png")):
        answer = await till.client.get(urlsplit(made[name]).path)
        assert (answer.status, answer.content_type) == (200, kind)
    va = QRIS | {"payment_method": "va", "va_channel": "BCA_VIRTUAL_ACCOUNT"}
    other = await till.post("/v1/topups", va)
    assert (other["qr_svg_url"], other["qr_png_url"]) == (None, None)
    await till.settle()
    await till.hear(paid(made["xendit_id"]))
    assert (await till.client.get(urlsplit(made["qr_svg_url"]).path)).status == 410
