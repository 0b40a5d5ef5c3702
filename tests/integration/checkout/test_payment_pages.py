"""The payment page of a request: from the answer that names it to the receipt, live, and by its secret alone."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from schemas.facts import RefundSucceeded
from tests.integration.checkout.conftest import Shop
from tests.integration.checkout.test_topups import QRIS, paid


async def test_the_page_of_a_top_up_shows_the_code_then_hears_of_the_money_and_is_a_receipt(
    shop: Shop,
) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    address = urlsplit(made["payment_page_url"]).path
    page = await shop.client.get(address)
    text = await page.text()
    assert page.status == 200
    assert "Rp\N{NO-BREAK SPACE}50.000" in text
    assert "<svg" in text
    async with shop.client.get(f"{address}/events") as stream:
        assert await stream.content.readuntil(b"\n\n") == b"event: state\ndata: waiting\n\n"
        await shop.hear(paid("pr-1"))
        assert await stream.content.readuntil(b"\n\n") == b"event: state\ndata: paid\n\n"
    receipt = await (await shop.client.get(address)).text()
    assert "Bukti pembayaran" in receipt
    assert made["payment_id"] in receipt
    assert "budi" not in receipt


async def test_asking_again_leads_to_the_same_page_and_every_request_has_its_own(shop: Shop) -> None:
    await shop.customer()
    first = await shop.post("/v1/topups", QRIS)
    again = await shop.post("/v1/topups", QRIS)
    other = await shop.post("/v1/topups", QRIS | {"amount": 25_000})
    assert first["payment_page_url"] == again["payment_page_url"] != other["payment_page_url"]
    seen = await shop.get(f"/v1/topups/{first['payment_id']}")
    assert seen["payment_page_url"] == first["payment_page_url"]


async def test_money_that_comes_after_the_end_turns_the_page_into_a_receipt(shop: Shop) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    address = urlsplit(made["payment_page_url"]).path
    await shop.pool.execute("UPDATE payment_requests SET expires_at = clock_timestamp() - interval '1 hour'")
    assert "Waktu pembayaran habis" in await (await shop.client.get(address)).text()
    await shop.hear(paid("pr-1"))
    assert "Lunas. Terima kasih!" in await (await shop.client.get(address)).text()


async def test_c61_less_than_was_asked_for_is_said_and_neither_page_nor_answer_calls_it_paid_in_full(
    shop: Shop,
) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    address = urlsplit(made["payment_page_url"]).path
    await shop.settle()
    await shop.hear(paid("pr-1", 20_000, requested_amount=20_000))
    text = (await (await shop.client.get(address)).text()).replace("\N{NO-BREAK SPACE}", " ")
    assert "Pembayaran kurang" in text
    assert "Baru Rp 20.000 dari Rp 50.000" in text
    assert "Lunas" not in text
    assert (await shop.get(f"/v1/topups/{made['payment_id']}"))["held"] == "underpaid"
    listed = await shop.get("/v1/customers/budi/topups")
    assert [item["held"] for item in listed["items"]] == ["underpaid"]


async def test_money_that_went_back_in_part_is_on_the_receipt(shop: Shop) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    address = urlsplit(made["payment_page_url"]).path
    await shop.settle()
    await shop.hear(paid("pr-1"))
    await shop.hear(
        RefundSucceeded(
            provider="xendit", payment_key="py-pr-1", group_id="pr-1", refund_id="rf-1", amount=20_000, occurred_at=datetime.now(UTC)
        )
    )  # fmt: skip
    text = (await (await shop.client.get(address)).text()).replace("\N{NO-BREAK SPACE}", " ")
    assert "Lunas" in text
    assert "Dikembalikan" in text
    assert "Rp 20.000" in text
    assert (await shop.get(f"/v1/topups/{made['payment_id']}"))["held"] is None
