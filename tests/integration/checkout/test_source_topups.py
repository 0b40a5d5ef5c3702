"""`POST /api/payments/topup`: exactly what the source application sends, and exactly what it reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.xendit_door import XenditDoor, answering

PATH = "/api/payments/topup"
BODY = {"customerId": "budi", "amount": 50_000, "paymentMethod": "qris"}
ALWAYS = {"paymentId", "xenditId", "status", "amount", "expiresAt"}


@pytest.mark.parametrize(
    ("more", "names", "lasts"),
    [
        ({}, {"qrString"}, timedelta(minutes=30)),
        (
            {"paymentMethod": "va", "vaChannel": "BCA_VIRTUAL_ACCOUNT"},
            {"vaNumber", "vaChannel"},
            timedelta(hours=24),
        ),
        (
            {"paymentMethod": "ewallet", "ewalletChannel": "OVO", "mobileNumber": "08123456789"},
            set(),
            timedelta(seconds=55),
        ),
        ({"paymentMethod": "ewallet", "ewalletChannel": "GOPAY"}, {"redirectUrl"}, timedelta(minutes=30)),
    ],
    ids=["qris", "va", "ovo", "gopay"],
)
async def test_s5_a_top_up_has_the_names_of_its_method_and_no_others(
    shop: Shop, more: dict[str, str], names: set[str], lasts: timedelta
) -> None:
    await shop.customer()
    begun = datetime.now(UTC)
    made = await shop.post(PATH, BODY | more, 200)
    assert set(made) == ALWAYS | names
    assert (made["amount"], made["xenditId"]) == (50_000, "pr-1")
    assert made["status"] in ("REQUIRES_ACTION", "ACCEPTING_PAYMENTS")
    ends = datetime.fromtimestamp(made["expiresAt"] / 1000, UTC)
    assert begun + lasts <= ends <= datetime.now(UTC) + lasts + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({"amount": 30_000}, 400, "Nominal tidak valid. Pilih: 25000, 50000, 100000"),
        ({"amount": 0}, 400, "Nominal tidak valid. Pilih: 25000, 50000, 100000"),
        ({"amount": -50_000}, 400, "Nominal tidak valid. Pilih: 25000, 50000, 100000"),
        ({"amount": "50000"}, 400, None),
        ({"amount": 50_000.5}, 400, None),
        ({"paymentMethod": "cash"}, 400, None),
        ({"paymentMethod": "va"}, 400, "`vaChannel` wajib diisi untuk metode pembayaran ini"),
        ({"paymentMethod": "ewallet", "ewalletChannel": "OVO"}, 400, "OVO meminta konfirmasi di aplikasinya"),
        (
            {"paymentMethod": "ewallet", "ewalletChannel": "OVO", "mobileNumber": "021 555"},
            400,
            "Ini bukan nomor ponsel Indonesia",
        ),
        ({"customerId": "nobody"}, 404, None),
    ],
)
async def test_a_refusal_is_one_sentence_in_indonesian_and_nothing_is_written(
    shop: Shop, xendit: XenditDoor, more: dict[str, Any], status: int, sentence: str | None
) -> None:
    await shop.customer()
    refused = await shop.post(PATH, BODY | more, status, **{"Accept-Language": "en"})
    assert set(refused) == {"error"}
    assert refused["error"].startswith(sentence or "")
    assert xendit.made == 0
    assert await shop.log() == []


@pytest.mark.parametrize(
    ("status", "said", "answered", "sentence"),
    [
        (403, "PAYMENT_METHOD_NOT_ACTIVE", 409, "Metode pembayaran tidak tersedia"),
        (503, "CHANNEL_NOT_AVAILABLE", 503, "Layanan sedang gangguan"),
        (400, "INVALID_AMOUNT", 400, "Nominal pembayaran tidak valid"),
        (409, "DUPLICATE_REFERENCE", 409, "Transaksi duplikat terdeteksi"),
    ],
)
async def test_c123_the_providers_refusals_are_the_sentences_that_the_source_shows(
    shop: Shop, xendit: XenditDoor, status: int, said: str, answered: int, sentence: str
) -> None:
    await shop.customer()
    xendit.troubles.append(answering(status, said))
    refused = await shop.post(PATH, BODY, answered)
    assert refused["error"].startswith(sentence)


async def test_without_pages_of_the_application_a_wallet_sends_its_payer_to_our_page(
    shop_settings: Callable[..., Settings], xendit: XenditDoor
) -> None:
    async with opened(shop_settings(app_url=None, api_public_url="https://pay.example")) as shop:
        await shop.customer()
        wish = {
            "customer_id": "budi",
            "amount": 50_000,
            "payment_method": "ewallet",
            "ewallet_channel": "GOPAY",
        }
        made = await shop.post("/v1/topups", wish)
    assert made["payment_page_url"].startswith("https://pay.example/pay/")
    assert set(xendit.bodies[0]["channel_properties"].values()) == {made["payment_page_url"]}
