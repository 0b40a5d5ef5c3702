"""The payment page: what customers see, in two languages, without a key, without a script, without anything personal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from api.gate import answer_problems, require_key
from api.page_secret import digest_of, new_secret
from api.pay.handlers import CancelEnd, PayLimits, PaymentPages
from api.pay.shown import Shown, State
from runtime.look import served
from schemas.errors import StoreUnavailable

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
QRIS = Shown(
    kind="topup",
    title="",
    amount_idr=50_000,
    way="qris",
    channel=None,
    state="waiting",
    reference="req_1",
    expires_at=NOW + timedelta(minutes=23, seconds=30),
    qr_string="00020101021226650013ID.CO.XENDIT.WWW",
)
VA = replace(QRIS, way="va", channel="MANDIRI", qr_string=None, va_number="8860812345678901")
GOPAY = replace(
    QRIS, way="ewallet", channel="GOPAY", qr_string=None, address="https://wallet.example/pay?a=1&b=2"
)
OVO = replace(GOPAY, channel="OVO", address=None)
HOSTED = replace(GOPAY, way="hosted", channel=None)
PAID = replace(QRIS, state="paid", paid_at=NOW, received_idr=50_000)

LIMITS = PayLimits(
    listeners=2,
    refresh_seconds=0.01,
    heartbeat_seconds=60,
    longest_seconds=60,
    unknown=3,
    unknown_seconds=60,
    addresses=10,
)


class Shop:
    """What the page looks up, in memory."""

    def __init__(self) -> None:
        self.secret = new_secret()[0]
        self.shown: Shown | None = QRIS
        self.away = False
        self.cancels: list[str] = []
        self.end: CancelEnd = "cancelled"

    async def find(self, digest: bytes) -> Shown | None:
        if self.away:
            raise StoreUnavailable("the database is away")
        return self.shown if digest == digest_of(self.secret) else None

    async def cancel(self, reference: str) -> CancelEnd:
        self.cancels.append(reference)
        if self.end == "cancelled" and self.shown is not None:
            self.shown = replace(self.shown, state="cancelled")
        return self.end

    @property
    def path(self) -> str:
        return f"/pay/{self.secret}"


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[answer_problems, require_key("a-key-nobody-sends")])
    pages = PaymentPages(shop.find, LIMITS, shop.cancel, now=lambda: NOW)
    app.add_routes([*pages.routes(), *served.routes()])
    async with TestClient(TestServer(app)) as made:
        yield made
        pages.close()


Client = TestClient[web.Request, web.Application]


class Words(HTMLParser):
    """The text of a page, and the addresses it names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.inline = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src"):
                self.addresses.append(value or "")
            self.inline |= name == "style" or name.startswith("on")

    def handle_data(self, data: str) -> None:
        self.text += data


async def shown(client: Client, shop: Shop, what: Shown, **query: str) -> Words:
    shop.shown = what
    answer = await client.get(shop.path, params=query)
    assert answer.status == 200
    return Words(await answer.text())


async def test_a_customer_sees_the_amount_the_code_and_until_when_in_indonesian_first(
    client: Client, shop: Shop
) -> None:
    page = await shown(client, shop, QRIS)
    assert "Rp\N{NO-BREAK SPACE}50.000" in page.text
    assert "Menunggu pembayaran · berlaku sampai 12.29 WIB (23 menit lagi)" in page.text
    assert "svg" in page.tags


async def test_who_asks_for_english_gets_english(client: Client, shop: Shop) -> None:
    by_header = await client.get(shop.path, headers={"Accept-Language": "en"})
    assert "Rp\N{NO-BREAK SPACE}50,000" in await by_header.text()
    by_link = await shown(client, shop, QRIS, lang="en")
    assert "valid until 12:29 WIB (23 minutes left)" in by_link.text


@pytest.mark.parametrize(
    ("what", "wanted", "address"),
    [
        (VA, ("8860812345678901", "Nomor virtual account Mandiri", "Bayar tepat"), None),
        (GOPAY, ("Bayar dengan GoPay",), "https://wallet.example/pay?a=1&b=2"),
        (OVO, ("Buka aplikasi OVO",), None),
        (HOSTED, ("Buka halaman pembayaran",), "https://wallet.example/pay?a=1&b=2"),
    ],
    ids=["va", "gopay", "ovo", "hosted"],
)
async def test_every_way_of_paying_says_how(
    client: Client, shop: Shop, what: Shown, wanted: tuple[str, ...], address: str | None
) -> None:
    page = await shown(client, shop, what)
    assert all(sentence in page.text for sentence in wanted)
    assert address is None or address in page.addresses


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("preparing", "Sedang menyiapkan pembayaran"),
        ("paid", "Lunas. Terima kasih!"),
        ("refunded", "Dana sudah dikembalikan"),
        ("expired", "Uangnya tetap kami terima"),
        ("failed", "Pembayaran gagal"),
        ("cancelled", "Jangan membayar lagi"),
    ],
)
async def test_every_state_is_told_and_only_a_waiting_one_can_be_paid(
    client: Client, shop: Shop, state: State, sentence: str
) -> None:
    page = await shown(client, shop, replace(VA, state=state, paid_at=NOW if state == "paid" else None))
    assert sentence in page.text
    assert "8860812345678901" not in page.text
    for kind in ("svg", "png"):
        gone = await client.get(f"{shop.path}/qr.{kind}")
        assert (gone.status, gone.headers["Cache-Control"]) == (
            404 if state == "preparing" else 410,
            "no-store",
        )


async def test_a_receipt_says_what_was_received_when_and_under_which_reference(
    client: Client, shop: Shop
) -> None:
    page = await shown(client, shop, replace(PAID, received_idr=49_000))
    assert all(one in page.text for one in ("Bukti pembayaran", "49.000", "4 Mar 2027 12.06 WIB", "req_1"))


@pytest.mark.parametrize(
    ("kind", "content_type", "begins"),
    [("png", "image/png", b"\x89PNG"), ("svg", "image/svg+xml", b"<?xml")],
    ids=["png", "svg"],
)
async def test_the_code_is_a_picture_that_only_the_payers_browser_keeps_and_asks_for_each_time(
    client: Client, shop: Shop, kind: str, content_type: str, begins: bytes
) -> None:
    address = f"{shop.path}/qr.{kind}"
    answer = await client.get(address)
    assert answer.content_type == content_type
    assert (await answer.read()).startswith(begins)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    tag = answer.headers["ETag"]
    assert (await client.get(address, headers={"If-None-Match": f'"x", W/{tag}'})).status == 304
    assert (await client.get(address, headers={"If-None-Match": '"x"'})).status == 200
    shop.shown = PAID
    assert (await client.get(address, headers={"If-None-Match": tag})).status == 410
    shop.shown = VA
    assert (await client.get(address)).status == 404
    assert (await client.get(f"/pay/{new_secret()[0]}/qr.{kind}")).status == 404
    assert (await client.get(f"{shop.path}/qr.gif")).status == 404


async def test_a_request_is_cancelled_by_a_question_and_a_form_and_only_where_it_can_be(
    client: Client, shop: Shop
) -> None:
    assert "Batalkan" not in (await shown(client, shop, QRIS)).text
    refused = await client.post(f"{shop.path}/cancel")
    assert (refused.status, shop.cancels) == (409, [])
    page = await shown(client, shop, replace(QRIS, can_cancel=True), cancel="")
    assert "Batalkan pembayaran Rp\N{NO-BREAK SPACE}50.000 ini?" in page.text
    assert shop.cancels == []
    done = await client.post(f"{shop.path}/cancel?lang=en", allow_redirects=False)
    assert (done.status, shop.cancels) == (303, ["req_1"])
    there = await client.get(f"{shop.path}/{done.headers['Location']}")
    assert "The payment was cancelled" in await there.text()
    assert (await client.post(f"{shop.path}/cancel", allow_redirects=False)).status == 303
    assert shop.cancels == ["req_1"]
    assert (await client.post(f"/pay/{new_secret()[0]}/cancel")).status == 404


@pytest.mark.parametrize(
    ("end", "status", "sentence"),
    [
        ("over", 409, "Pembayaran ini tidak dapat dibatalkan lagi"),
        ("unknown", 503, "Belum pasti apakah sudah dibatalkan"),
    ],
)
async def test_what_could_not_be_cancelled_is_said_and_can_be_paid_still(
    client: Client, shop: Shop, end: CancelEnd, status: int, sentence: str
) -> None:
    shop.shown, shop.end = replace(QRIS, can_cancel=True), end
    answer = await client.post(f"{shop.path}/cancel")
    page = Words(await answer.text())
    assert answer.status == status
    assert sentence in page.text
    assert "Menunggu pembayaran" in page.text


@pytest.mark.parametrize("what", [QRIS, VA, GOPAY, PAID], ids=["qris", "va", "gopay", "paid"])
async def test_nothing_comes_from_elsewhere_and_nothing_is_inline(
    client: Client, shop: Shop, what: Shown
) -> None:
    page = await shown(client, shop, what)
    assert not page.inline
    headers = (await client.get(shop.path)).headers
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    for address in page.addresses:
        if address.startswith("/"):
            assert (await client.get(address)).status == 200
        elif address != what.address:
            assert address.startswith((shop.secret, "data:,"))


async def test_markup_in_what_others_named_stays_text(client: Client, shop: Shop) -> None:
    hostile = '"><script>alert(1)</script>'
    page = await shown(
        client, shop, replace(VA, title=hostile, va_number=hostile, channel=hostile, reference=hostile)
    )
    assert page.tags.count("script") == 1
    assert hostile in page.text


async def test_unknown_links_are_404_and_slowed_but_a_known_one_is_always_shown(
    client: Client, shop: Shop
) -> None:
    for secret in (new_secret()[0], "x", shop.secret[:-1]):
        assert (await client.get(f"/pay/{secret}")).status == 404
    for path in (f"/pay/{new_secret()[0]}", f"/pay/{new_secret()[0]}/events"):
        slowed = await client.get(path)
        assert slowed.status == 429
        assert int(slowed.headers["Retry-After"]) >= 1
    # From the same address: everybody may come through one proxy.
    assert (await client.get(shop.path)).status == 200
    async with client.get(f"{shop.path}/events") as stream:
        assert stream.status == 200


async def test_an_order_that_a_person_confirms_and_no_page_is_known_for_says_how_to_pay(
    client: Client, shop: Shop
) -> None:
    page = await shown(client, shop, replace(HOSTED, kind="order", title="Kelas Python", address=None))
    assert "Bayar dengan cara yang diberitahukan penjual" in page.text
    assert "Kelas Python" in page.text
    assert "req_1" in page.text


async def test_an_outage_is_said_and_is_no_unknown_link(client: Client, shop: Shop) -> None:
    shop.away = True
    answer = await client.get(shop.path)
    assert answer.status == 503
    assert "Uang yang sudah dibayar tidak hilang" in await answer.text()


async def test_an_open_page_hears_that_the_money_came_and_then_listens_no_more(
    client: Client, shop: Shop
) -> None:
    async with client.get(f"{shop.path}/events") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readuntil(b"\n\n") == b"event: state\ndata: waiting\n\n"
        shop.shown = PAID
        assert await stream.content.readuntil(b"\n\n") == b"event: state\ndata: paid\n\n"
        assert await stream.content.read() == b""


async def test_more_open_pages_than_are_allowed_are_asked_to_come_back(client: Client, shop: Shop) -> None:
    async with client.get(f"{shop.path}/events"), client.get(f"{shop.path}/events"):
        assert (await client.get(f"{shop.path}/events")).status == 503
    async with asyncio.timeout(60):
        while (await client.get(f"{shop.path}/events")).status == 503:
            await asyncio.sleep(0)  # the server notices in its own time that one has left
