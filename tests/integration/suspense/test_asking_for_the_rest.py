"""Less came than was asked for, and an operator asks for the rest: from the act to the customer's balance, through the provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from api.suspense import speaking
from api.suspense.rest import AskedAnew, RestTerms, StandingRest, ask_rest, standing_rest
from api.suspense.speaking import Author
from runtime.ids import utc_now
from runtime.settings import Settings
from schemas.facts import PaymentSucceeded
from schemas.problems import Problem
from tests.integration.checkout.street import Street, street_of
from tests.integration.suspense.test_held_money import held, operator

SARI = Author("sari", "the payer called", 0.3)
PUBLIC = "https://pay.example"


def terms(street: Street) -> RestTerms:
    given = RestTerms.of(street.shop.refunds.settings)
    return RestTerms(PUBLIC, given.lasts, given.least)


async def short(street: Street, came: int = 20_000, amount: int = 50_000, **more: Any) -> dict[str, Any]:
    """A top-up of which so much came; and the id under which that is held."""
    wish = {"customer_id": "budi", "amount": amount, "payment_method": "va", "va_channel": "BNI"} | more
    made: dict[str, Any] = await street.shop.post("/v1/topups", wish)
    await street.act(made["payment_id"], "pay", came)
    (item,) = (await street.shop.get("/v1/suspense"))["items"]
    assert (item["reason"], item["amount"]) == ("underpaid", came)
    return made | {"held": item["id"]}


async def asked(street: Street, entry: str, author: Author = SARI) -> AskedAnew:
    async with operator(street) as connection, connection.transaction():
        return await ask_rest(connection, entry, author, terms(street))


async def rest_of(street: Street, entry: str) -> StandingRest:
    async with operator(street) as connection:
        found = await standing_rest(connection, await speaking.look(connection, entry), PUBLIC)
    assert found is not None
    return found


async def test_c61_the_rest_is_asked_for_and_credited_with_what_had_come(street: Street) -> None:
    made = await short(street)
    told = await asked(street, made["held"])
    assert told.amount_idr == 30_000
    assert (await rest_of(street, made["held"])).status == "requested"
    assert await street.shop.checkout.opener.resolve() == 1
    await street.shop.settle()
    rest = await rest_of(street, made["held"])
    assert (rest.request_id, rest.amount_idr, rest.status, rest.open, rest.by) == (
        told.request_id,
        30_000,
        "open",
        True,
        "sari",
    )
    assert rest.page is not None
    assert rest.page.startswith(f"{PUBLIC}/pay/")
    assert await street.balance() == 0
    await street.act(told.request_id, "pay")
    assert await street.balance() == 500_000
    assert (await street.shop.get("/v1/suspense"))["items"] == []
    assert (await street.shop.get("/v1/ledger"))["balanced"]
    first = await street.shop.get(f"/v1/payments/xendit/{made['payment_id']}")
    assert (first["status"], first["amount"]) == ("succeeded", 50_000)
    entry = await street.shop.get(f"/v1/suspense/{made['held']}")
    assert (entry["status"], entry["resolution"]) == ("released", "granted")
    assert [act["verb"] for act in entry["acts"]] == ["suspense.ask_rest"]


async def test_c61_an_order_gets_its_rest_as_a_bill_of_its_own(
    shop_settings: Callable[..., Settings],
) -> None:
    """A hosted page of the provider, for exactly what is missing."""
    more = {"payment_provider": "xendit", "min_position_wait_seconds": 0.05}
    async with street_of(shop_settings, **more) as street:
        wish = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
        made = await street.shop.post("/v1/orders", wish)
        await street.act(made["order_id"], "pay", 100_000)
        (item,) = (await street.shop.get("/v1/suspense"))["items"]
        assert (item["reason"], item["amount"]) == ("underpaid", 100_000)
        told = await asked(street, item["id"])
        await street.shop.checkout.opener.resolve()
        assert told.amount_idr == 50_000
        await street.act(told.request_id, "pay")
        assert await courses(street) == ["kelas-python"]
        assert (await street.shop.get("/v1/suspense"))["items"] == []


async def test_c61_mayar_is_asked_for_an_invoice_of_the_rest(shop_settings: Callable[..., Settings]) -> None:
    """Its pages take whole amounts alone: that less came is told by its webhook."""
    more = {"payment_provider": "mayar", "min_position_wait_seconds": 0.05}
    async with street_of(shop_settings, names=("mayar",), **more) as street:
        person = {"email": "budi@example.com", "name": "Budi", "phone": "081234567890"}
        await street.shop.call("PUT", "/v1/customers/budi", 200, person)
        wish = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
        await street.shop.post("/v1/orders", wish)
        key = await street.shop.pool.fetchval("SELECT payment_key FROM payment_requests")
        now = utc_now()
        money = {"amount": 100_000, "token_only": True, "occurred_at": now, "paid_at": now}
        await street.shop.hear(PaymentSucceeded(provider="mayar", payment_key=key, attempt_id=key, **money))
        (item,) = (await street.shop.get("/v1/suspense"))["items"]
        told = await asked(street, item["id"])
        await street.shop.checkout.opener.resolve()
        rest_key = await street.shop.pool.fetchval(
            "SELECT payment_key FROM payment_requests WHERE request_id = $1", told.request_id
        )
        await street.act(rest_key, "pay", None, "mayar")
        assert await courses(street) == ["kelas-python"]
        assert (await street.shop.get("/v1/suspense"))["items"] == []


async def courses(street: Street) -> list[str]:
    items = (await street.shop.get("/v1/customers/budi/enrollments"))["items"]
    return [one["course"] for one in items]


async def test_c61_asked_twice_the_second_is_told_by_whom_and_nothing_is_added(street: Street) -> None:
    made = await short(street)
    told = await asked(street, made["held"])
    for opened in (False, True):
        if opened:
            await street.shop.checkout.opener.resolve()
        with pytest.raises(Problem) as problem:
            await asked(street, made["held"], Author("budi", "again", 0.3))
        said = problem.value.detail("en")
        assert problem.value.kind.code == "suspense_already_done"
        assert told.request_id in said
        assert "by sari" in said
    assert await street.shop.log("checkout.requested") == ["checkout.requested"] * 2


async def test_c61_two_at_once_ask_once(street: Street) -> None:
    made = await short(street)
    answers = await asyncio.gather(
        *(asked(street, made["held"], Author(name, "w", 0.3)) for name in ("a", "b")), return_exceptions=True
    )
    assert sorted(isinstance(one, Problem) for one in answers) == [False, True]
    assert await street.shop.pool.fetchval("SELECT count(*) FROM rests_asked_for") == 1
    assert await street.shop.pool.fetchval("SELECT count(*) FROM operator_acts") == 1


async def test_c63_nobody_pays_the_rest_in_its_time_and_it_can_be_asked_for_again(street: Street) -> None:
    made = await short(street)
    told = await asked(street, made["held"])
    await street.shop.checkout.opener.resolve()
    await street.act(told.request_id, "expire")
    await street.shop.pool.execute(
        "UPDATE payment_requests SET expires_at = clock_timestamp() - interval '1 second' WHERE request_id = $1",
        told.request_id,
    )
    rest = await rest_of(street, made["held"])
    assert (rest.open, rest.status) == (False, "open")
    assert (await street.shop.get(f"/v1/suspense/{made['held']}"))["status"] == "held"
    assert await street.balance() == 0
    again = await asked(street, made["held"])
    assert (again.amount_idr, again.request_id != told.request_id) == (30_000, True)
    await street.shop.checkout.opener.resolve()
    await street.act(again.request_id, "pay")
    assert await street.balance() == 500_000


async def test_c61_less_than_the_rest_leaves_a_smaller_one(street: Street) -> None:
    made = await short(street)
    told = await asked(street, made["held"])
    await street.shop.checkout.opener.resolve()
    await street.act(told.request_id, "pay", 10_000)
    entry = await street.shop.get(f"/v1/suspense/{made['held']}")
    assert (entry["status"], entry["reason"], entry["amount"]) == ("held", "underpaid", 30_000)
    assert not (await rest_of(street, made["held"])).open
    again = await asked(street, made["held"])
    assert again.amount_idr == 20_000
    await street.shop.checkout.opener.resolve()
    await street.act(again.request_id, "pay")
    assert await street.balance() == 500_000
    assert (await street.shop.get("/v1/ledger"))["balanced"]


async def test_c71_the_rest_paid_after_its_time_is_credited_all_the_same(street: Street) -> None:
    made = await short(street)
    told = await asked(street, made["held"])
    await street.shop.checkout.opener.resolve()
    await street.shop.pool.execute(
        "UPDATE payment_requests SET expires_at = clock_timestamp() - interval '1 second' WHERE request_id = $1",
        told.request_id,
    )
    await street.act(told.request_id, "pay")
    assert await street.balance() == 500_000
    assert (await street.shop.get("/v1/suspense"))["items"] == []


@pytest.mark.parametrize("came", [False, True])
async def test_c120_a_lost_answer_is_looked_up_and_the_rest_is_asked_for_once(
    street: Street, came: bool
) -> None:
    """Whether the provider had made it or not when its answer was lost."""
    made = await short(street)
    await (street.switch("drop_after", times=1) if came else street.switch("refuse", status=503, times=1))
    told = await asked(street, made["held"])
    await street.shop.checkout.opener.resolve()
    rest = await rest_of(street, made["held"])
    assert (rest.status, rest.open) == ("requested", True)
    assert (await street.shop.get("/v1/suspense"))["items"][0]["amount"] == 20_000
    await street.shop.pool.execute(
        "UPDATE payment_requests SET next_try_at = clock_timestamp() WHERE status = 'requested'"
    )
    await street.shop.checkout.opener.resolve()
    rest = await rest_of(street, made["held"])
    assert (rest.status, rest.open) == ("open", True)
    await street.act(told.request_id, "pay")
    assert await street.balance() == 500_000


async def test_c123_what_the_provider_refuses_is_said_and_can_be_asked_for_again(street: Street) -> None:
    made = await short(street)
    await street.switch("refuse", status=400, code="CHANNEL_NOT_AVAILABLE", times=1)
    await asked(street, made["held"])
    await street.shop.checkout.opener.resolve()
    rest = await rest_of(street, made["held"])
    assert (rest.status, rest.open, rest.code) == ("refused", False, "channel_unavailable")
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{made['held']}"))["status"] == "held"
    again = await asked(street, made["held"])
    await street.shop.checkout.opener.resolve()
    await street.act(again.request_id, "pay")
    assert await street.balance() == 500_000


async def test_c61_what_has_no_rest_is_refused_with_what_to_do(street: Street) -> None:
    entry = await held(street)
    with pytest.raises(Problem) as problem:
        await asked(street, entry)
    assert "less than was asked for" in problem.value.detail("en")
    other = await held(street, "py-short", 20_000, requested_amount=50_000, payer_email="budi@example.com")
    with pytest.raises(Problem) as problem:
        await asked(street, other)
    assert "did not ask for this payment ourselves" in problem.value.detail("en")
    assert "ditambahkan" in problem.value.detail("id")
    assert await street.shop.pool.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_c61_what_was_asked_for_besides_is_shown_by_the_api(street: Street) -> None:
    made = await short(street)
    path = f"/v1/suspense/{made['held']}"
    assert (await street.shop.get(path))["rest"] is None
    told = await asked(street, made["held"])
    shown = (await street.shop.get(path))["rest"]
    since, page = shown.pop("since"), shown.pop("payment_page_url")
    assert since < shown["expires_at"]
    assert page is None or page.startswith("http")
    assert shown == {
        "request_id": told.request_id,
        "amount": 30_000,
        "open": True,
        "expires_at": shown["expires_at"],
        "by": "sari",
        "failure_code": None,
    }
