"""Operators give payments back too: audited, reserved as any refund, asked for by the API, found by its id."""

from __future__ import annotations

import pytest

from console.commands.find import search
from console.exits import Refused
from console.refunding import ask_refund
from runtime.database import open_pool
from tests.integration.checkout.street import Street


async def test_an_operator_gives_a_part_back_and_it_is_audited_and_found(street: Street) -> None:
    made = await street.topped_up()
    given = street.shop.refunds.settings
    async with open_pool(given, "operator", role="lunas_operator") as pool, pool.acquire() as connection:
        recorded, act_id = await ask_refund(
            connection, "xendit", made["payment_id"], 20_000, "goodwill", "nothing"
        )
        act = await connection.fetchrow("SELECT verb, reason FROM operator_acts WHERE act_id = $1", act_id)
        assert tuple(act) == ("payments.refund", "goodwill")
        with pytest.raises(Refused):
            await ask_refund(connection, "xendit", made["payment_id"], 30_001, "more", "nothing")
        assert await street.shop.refunds.refunder.resolve() == 1
        await street.later(seconds=3)
        assert await street.payment(made["payment_id"]) == ("partially_refunded", 20_000)
        seen = await street.shop.get(f"/v1/refunds/{recorded.refund_id}")
        assert (seen["status"], seen["made_by"]) == ("succeeded", "operator")
        (found,) = [one for one in await search(connection, recorded.refund_id) if one["kind"] == "refund"]
        assert (found["status"], found["amount"]) == ("succeeded", 20_000)
        assert found["command"] == f"lunas payments show xendit {found['target']}"
    assert await street.balance() == 300_000
