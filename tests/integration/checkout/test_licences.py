"""Licences through the fake of the provider that sells them, over real HTTP: what it says, what we know while it is silent, and never a guess."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import structlog

from providers.fakes.app import ServedFakes, serving
from providers.fakes.provider import FakeAccount
from providers.fakes.world import FakeWorld
from runtime.settings import Settings
from schemas.examples import EXAMPLES
from schemas.facts import PaymentSucceeded, ProductHint, SubscriptionReported
from schemas.licence_api import LicenceAnswer, LicenceBody, SwitchedLicence
from tests.integration.checkout.conftest import CATALOG, Shop, all_at_once, opened
from tests.integration.checkout.fakes import SHORT_SILENCE
from tests.unit.providers.fakes.stand import SILVER

PRODUCT = SILVER.product_id
NOW = datetime.now(UTC)


@dataclass
class Merchant:
    """The fake, and its bad days."""

    served: ServedFakes
    session: aiohttp.ClientSession

    @property
    def ledger(self) -> Any:
        return self.served.world.providers["mayar"].ledger  # type: ignore[attr-defined]

    def sold(self, **wish: Any) -> str:
        """A licence that was bought just now."""
        self.ledger.sell(SILVER, {"email": "siti@contoh.id", **wish})
        return str(list(self.ledger.state.members.values())[-1].licence_code)

    def member(self, code: str) -> Any:
        return self.ledger.state.member(code)

    async def turn_on(self, do: str, **more: Any) -> None:
        wish = {"do": do} | SHORT_SILENCE.get(do, {})
        async with self.session.post(f"{self.served.address}/fake/switches", json=wish | more) as said:
            assert said.status == 200, await said.text()

    async def turn_off(self) -> None:
        async with self.session.delete(f"{self.served.address}/fake/switches") as said:
            assert said.status == 200


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    # Nobody listens for its webhooks: what they say is told to the shop by hand.
    account = FakeAccount("dev-mayar-key", "rahasia", "akun", "http://127.0.0.1:9/", (SILVER,))
    world = FakeWorld(wall=lambda: NOW, frozen=True, rate_limits=False)
    async with serving({"mayar": account}, world) as served, aiohttp.ClientSession() as session:
        yield Merchant(served, session)


@pytest.fixture
def licence_settings(
    database_url: str, settings: Callable[..., Settings], merchant: Merchant
) -> Callable[..., Settings]:
    def build(**more: Any) -> Settings:
        given = {
            "database_url": database_url,
            "catalog": CATALOG,
            "mayar_api_key": "dev-mayar-key",
            "mayar_base_url": merchant.served.bases["mayar"],
            "mayar_product_id": PRODUCT,
            "provider_connect_timeout_seconds": 20.0,
            "provider_call_timeout_seconds": 30.0,
            "provider_call_budget_seconds": 30.0,
            "provider_call_attempts": 1,
            "outgoing_mayar_per_minute": 100_000,
            "licence_calls_per_minute": 100_000,
        }
        return settings(**(given | more))

    return build


@pytest.fixture
async def shop(licence_settings: Callable[..., Settings]) -> AsyncIterator[Shop]:
    async with opened(licence_settings()) as one:
        yield one


def calls(lines: list[Any]) -> list[str]:
    return [line["operation"] for line in lines if line.get("action") == "provider.called"]


def told(code: str, report: str = "activated", **more: Any) -> SubscriptionReported:
    """What a webhook about a licence says."""
    fields: dict[str, Any] = {
        "provider": "mayar",
        "subscription_key": code,
        "report": report,
        "aliases": (code,),
        "payer_email": "siti@contoh.id",
        "products": (ProductHint(kind="product", value=PRODUCT),),
        "licence_code": code,
        "expires_at": NOW + timedelta(days=30),
        "token_only": True,
        "occurred_at": NOW - timedelta(minutes=1),
        "timed": True,
    }
    return SubscriptionReported(**(fields | more))


def paid(transaction_id: str) -> PaymentSucceeded:
    """The payment that a licence was sold with."""
    fields: dict[str, Any] = {
        "provider": "mayar",
        "payment_key": transaction_id,
        "attempt_id": transaction_id,
        "amount": SILVER.price,
        "payer_email": "siti@contoh.id",
        "products": (ProductHint(kind="product", value=PRODUCT),),
        "token_only": True,
        "occurred_at": NOW - timedelta(minutes=1),
    }
    return PaymentSucceeded(**fields)


async def verify(shop: Shop, code: str, status: int = 200, **more: Any) -> Any:
    return await shop.post("/v1/licences/verify", {"licence_code": code, **more}, status)


async def test_s11_the_providers_word_is_asked_once_and_then_repeated_with_its_age(
    shop: Shop, merchant: Merchant
) -> None:
    code = merchant.sold()
    with structlog.testing.capture_logs() as lines:
        first = await verify(shop, code)
        again = await verify(shop, f" {code}\n")
    assert (first["valid"], first["status"], first["source"]) == (True, "active", "provider")
    assert (first["tier_name"], first["product_id"], first["activation_limit"]) == ("Silver", PRODUCT, None)
    assert (again["source"], again["checked_at"], again["licence_code"]) == (
        "cache",
        first["checked_at"],
        code,
    )
    assert again["age_seconds"] >= 0
    assert again["problem"] is None
    assert calls(lines) == ["licence_verify"]
    assert code not in str(lines)


async def test_s11_equal_questions_at_the_same_time_are_one_call(shop: Shop, merchant: Merchant) -> None:
    code = merchant.sold()
    await merchant.turn_on("latency", seconds=0.2, path="/saas")
    with structlog.testing.capture_logs() as lines:
        said = await all_at_once([verify(shop, code) for _ in range(8)])
    assert {one["valid"] for one in said} == {True}
    assert calls(lines) == ["licence_verify"]


@pytest.mark.parametrize("software", [False, True])
async def test_s11_a_licence_is_found_on_whichever_route_knows_it(
    shop: Shop, merchant: Merchant, software: bool
) -> None:
    code = merchant.sold(software=software)
    said = await verify(shop, code)
    assert (said["valid"], said["tier_name"]) == (True, None if software else "Silver")
    with structlog.testing.capture_logs() as lines:
        other = await verify(shop, merchant.sold(software=software))
    # Where its product was known last is asked first.
    assert other["valid"]
    assert len(calls(lines)) == 1


async def test_s11_saas_routes_that_refuse_a_good_key_neither_stop_anything_nor_are_asked_again(
    shop: Shop, merchant: Merchant
) -> None:
    await merchant.turn_on("saas_unauthorized")
    first, second = merchant.sold(), merchant.sold()
    with structlog.testing.capture_logs() as lines:
        assert (await verify(shop, first))["valid"]
        assert (await verify(shop, second))["valid"]
    assert calls(lines) == ["licence_verify"] * 3
    assert (await shop.post("/v1/licences/deactivate", {"licence_code": first}, 200))["changed"]


@pytest.mark.parametrize("quirk", [None, "failure_in_200"])
async def test_s11_an_unknown_code_is_unknown_and_asked_about_again_soon(
    licence_settings: Callable[..., Settings], merchant: Merchant, quirk: str | None
) -> None:
    if quirk:
        await merchant.turn_on(quirk)
    async with opened(licence_settings(licence_unknown_cache_seconds=0)) as shop:
        said = await verify(shop, "TIDAK-ADA-KODE")
        assert (said["valid"], said["status"], said["product_id"]) == (False, "not_found", None)
        assert (await verify(shop, "TIDAK-ADA-KODE"))["source"] == "provider"
        refused = await shop.post("/v1/licences/activate", {"licence_code": "TIDAK-ADA-KODE"}, 404)
        assert refused["code"] == "licence_not_found"


async def test_s11_a_webhook_about_a_licence_ends_what_was_kept_of_it(shop: Shop, merchant: Merchant) -> None:
    await shop.customer("siti", "siti@contoh.id")
    code = merchant.sold()
    assert (await verify(shop, code))["subscription"] is None
    await shop.hear(told(code))
    said = await verify(shop, code)
    assert (said["source"], said["subscription"]["customer_id"]) == ("provider", "siti")
    merchant.ledger.lapse(merchant.member(code))
    await shop.hear(told(code, "cancelled", occurred_at=NOW))
    said = await verify(shop, code)
    assert (said["source"], said["valid"], said["status"]) == ("provider", False, "expired")


SILENCES: list[dict[str, Any]] = [
    {"do": "timeout"},
    {"do": "drop_after"},
    {"do": "answer", "status": 502, "body": {"message": "bad gateway"}},
    {"do": "answer", "status": 200, "body": {"statusCode": 200}},
    {"do": "answer", "status": 401, "body": {"statusCode": 401, "message": "Failed authentication!"}},
    {"do": "rate_limited"},
]


@pytest.mark.parametrize("trouble", SILENCES, ids=lambda one: f"{one['do']} {one.get('status', '')}")
async def test_c120_a_provider_that_cannot_be_asked_never_makes_a_licence_invalid(
    licence_settings: Callable[..., Settings], merchant: Merchant, trouble: dict[str, Any]
) -> None:
    async with opened(licence_settings(licence_cache_seconds=0)) as shop:
        await shop.customer("siti", "siti@contoh.id")
        asked, heard, new = merchant.sold(), merchant.sold(), merchant.sold()
        before = await verify(shop, asked)
        await shop.hear(told(heard))
        await merchant.turn_on(**trouble)
        last_word = await verify(shop, asked)
        assert (last_word["valid"], last_word["source"]) == (True, "cache")
        assert last_word["checked_at"] == before["checked_at"]
        assert last_word["problem"].startswith("provider_")
        records = await verify(shop, heard)
        assert (records["valid"], records["source"], records["checked_at"]) == (True, "records", None)
        assert records["problem"].startswith("provider_")
        refused = await verify(shop, new, 503)
        assert refused["code"] == "licence_unverified"
        assert refused["problem"].startswith("provider_")
        await merchant.turn_off()


async def test_s11_a_last_word_is_not_told_for_ever(
    licence_settings: Callable[..., Settings], merchant: Merchant
) -> None:
    async with opened(licence_settings(licence_cache_seconds=0, licence_stale_hours=1)) as shop:
        code = merchant.sold()
        await verify(shop, code)
        await shop.pool.execute("UPDATE licence_checks SET checked_at = checked_at - interval '61 minutes'")
        await merchant.turn_on("drop_after")
        assert (await verify(shop, code, 503))["code"] == "licence_unverified"


async def test_c103_what_was_kept_of_a_licence_ends_by_our_own_clock(shop: Shop, merchant: Merchant) -> None:
    code = merchant.sold()
    merchant.member(code).expires = NOW - timedelta(seconds=1)
    said = await verify(shop, code)
    assert (said["valid"], said["status"]) == (False, "expired")


async def test_s11_activation_is_safe_to_repeat(shop: Shop, merchant: Merchant) -> None:
    code = merchant.sold()
    body = {"licence_code": code, "product_id": PRODUCT}
    assert (await verify(shop, code))["valid"]
    first = await shop.post("/v1/licences/deactivate", body, 200, **{"Idempotency-Key": "once"})
    assert (first["active"], first["changed"]) == (False, True)
    assert await shop.post("/v1/licences/deactivate", body, 200, **{"Idempotency-Key": "once"}) == first
    assert (await shop.post("/v1/licences/deactivate", body, 200))["changed"] is False
    # What was kept of it before is not repeated.
    assert (await verify(shop, code))["status"] == "inactive"
    assert (await shop.post("/v1/licences/activate", body, 200))["changed"]
    assert (await verify(shop, code))["valid"]
    other = await shop.post(
        "/v1/licences/deactivate", {"licence_code": code}, 422, **{"Idempotency-Key": "once"}
    )
    assert other["code"] == "idempotency_key_reused"


async def test_s11_refusals_to_activate_are_named(shop: Shop, merchant: Merchant) -> None:
    full, over = merchant.sold(limit=1), merchant.sold()
    merchant.member(full).use_count = 1
    merchant.ledger.lapse(merchant.member(over))
    for code, problem in ((full, "licence_limit_reached"), (over, "licence_expired")):
        assert (await shop.post("/v1/licences/activate", {"licence_code": code}, 409))["code"] == problem


async def test_c120_a_silence_after_the_work_is_found_out_by_the_same_call_again(
    shop: Shop, merchant: Merchant
) -> None:
    code = merchant.sold()
    await merchant.turn_on("drop_after", times=1)
    refused = await shop.post("/v1/licences/deactivate", {"licence_code": code}, 503)
    assert refused["code"] == "licence_outcome_unknown"
    again = await shop.post("/v1/licences/deactivate", {"licence_code": code}, 200)
    assert (again["active"], again["changed"]) == (False, False)


async def test_c99_a_licence_of_another_customer_is_refused_and_tells_nothing(
    shop: Shop, merchant: Merchant
) -> None:
    await shop.customer("siti", "siti@contoh.id")
    await shop.customer("budi", "budi@contoh.id")
    code = merchant.sold()
    await shop.hear(told(code))
    for call in ("verify", "activate", "deactivate"):
        body = {"licence_code": code, "customer_id": "budi"}
        refused = await shop.post(f"/v1/licences/{call}", body, 409)
        assert refused["code"] == "licence_of_another_customer"
        assert "siti" not in str(refused)
    assert (await verify(shop, code, customer_id="siti"))["valid"]
    assert (await verify(shop, code, 404, customer_id="nobody"))["code"] == "customer_not_found"


async def test_c99_a_licence_that_no_webhook_names_is_known_by_the_payment_it_was_sold_with(
    shop: Shop, merchant: Merchant
) -> None:
    """Mayar's webhooks of members tell no code, and no call of its tells one: whoever has it asks, and the answer names the transaction."""
    await shop.customer("siti", "siti@contoh.id")
    await shop.customer("budi", "budi@contoh.id")
    code = merchant.sold()
    member = merchant.member(code)
    await shop.hear(
        paid(member.transaction_id), told(member.member_id, licence_code=None, member_id=member.member_id)
    )
    [row] = (await shop.get("/v1/customers/siti/subscriptions"))["items"]
    assert (row["licence_code"], row["has_access"]) == (None, True)
    answer = await verify(shop, code, customer_id="siti")
    assert answer["valid"]
    assert answer["subscription"]["subscription_id"] == row["subscription_id"]
    for call in ("verify", "activate", "deactivate"):
        refused = await shop.post(f"/v1/licences/{call}", {"licence_code": code, "customer_id": "budi"}, 409)
        assert (refused["code"], refused["field"]) == ("licence_of_another_customer", "licence_code")
        assert "siti" not in str(refused)
    switched = {"licence_code": code, "customer_id": "siti"}
    assert (await shop.post("/v1/licences/deactivate", switched, 200))["changed"]
    unknown_payment = merchant.sold(email="budi@contoh.id")
    assert (await verify(shop, unknown_payment, customer_id="siti"))["subscription"] is None


async def test_s11_licences_leave_calls_for_payments(
    licence_settings: Callable[..., Settings], merchant: Merchant
) -> None:
    async with opened(licence_settings(licence_calls_per_minute=2)) as shop:
        for _ in range(2):
            await verify(shop, merchant.sold())
        refused = await verify(shop, merchant.sold(), 503)
        assert (refused["code"], refused["problem"]) == ("licence_unverified", "provider_busy")


async def test_s11_without_a_key_for_the_provider_our_own_records_answer(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    async with opened(
        settings(database_url=database_url, catalog=CATALOG, mayar_product_id=PRODUCT, fakes="off")
    ) as shop:
        await shop.customer("siti", "siti@contoh.id")
        await shop.hear(told("KODE-LISENSI-1"))
        said = await verify(shop, "KODE-LISENSI-1")
        assert (said["source"], said["problem"]) == ("records", "provider_not_configured")
        assert (await verify(shop, "KODE-LISENSI-2", 501))["code"] == "provider_not_configured"


async def test_s11_a_licence_of_no_known_product_asks_for_it(
    licence_settings: Callable[..., Settings], merchant: Merchant
) -> None:
    async with opened(licence_settings(mayar_product_id=None)) as shop:
        code = merchant.sold()
        refused = await verify(shop, code, 422)
        assert (refused["code"], refused["field"]) == ("product_id_required", "product_id")
        assert (await verify(shop, code, product_id=PRODUCT))["valid"]


async def test_the_examples_of_the_page_work_beside_the_fake(shop: Shop) -> None:
    body = EXAMPLES[LicenceBody]
    for call, answer in (
        ("verify", LicenceAnswer),
        ("activate", SwitchedLicence),
        ("deactivate", SwitchedLicence),
    ):
        said = await shop.post(f"/v1/licences/{call}", body, 200)
        assert said.keys() == EXAMPLES[answer].keys()
        assert said["product_id"] == body["product_id"]
