"""Reservations, use and entitlements over HTTP, and what the keeper does when nobody comes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.catalogue import CatalogueInForce
from api.credit.instruments import CreditInstruments
from api.credit.keeper import look_after
from api.credit.loading import FORMAT
from api.credit.teller import Teller
from eventstore.append import NewEvent
from runtime.metrics import new_registry
from schemas.credit_api import ReservationAnswer, UsageAnswer
from schemas.facts import CatalogPublished
from tests.contract.api.conftest import KEY, Api
from tests.contract.api.test_spending import acts, balance, post, sums, taken_back
from tests.integration.projections.decisions import credit, registered, tier

RESERVATIONS = "/v1/customers/c1/reservations"
USAGE = "/v1/customers/c1/usage"
BODY = {"tokens": 600, "reference": "v-1"}


def published(**credit_terms: object) -> NewEvent:
    """A catalogue with small quotas."""
    content = {
        "credit": {"low_balance_tokens": 500, **credit_terms},
        "tiers": [
            {"id": "gratis", "monthly_tokens": 100, "daily_tokens": 50, "monthly_papers": 2},
            {"id": "bpp", "credit_based": True},
        ],
    }
    return NewEvent("catalog-main", CatalogPublished(version="v", content=content))


def keeper(api: Api) -> Teller:
    """Another process's teller."""
    return Teller(
        api.pool,
        CatalogueInForce(api.pool, Path("none")),
        CreditInstruments(new_registry()),
        acquire_seconds=5,
        batch_max=10,
    )


async def make_due(api: Api) -> None:
    """As if the time of every reservation were over: the row's clock and the reservation's own."""
    await api.pool.execute(
        "UPDATE credit_accounts SET due_at = now() - interval '1 second', "
        'state = regexp_replace(state::text, \'"expires_at":"[^"]*"\', \'"expires_at":"2020-01-01T00:00:00Z"\')::json'
    )


async def test_what_is_reserved_is_spent_by_nobody_else_and_what_is_left_of_it_comes_back(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    ReservationAnswer.model_validate_json(ReservationAnswer(**held).model_dump_json())
    assert (held["status"], held["credit_tokens"]) == ("open", 400)
    spend = {"tokens": 401, "reason": "chat", "reference": "r"}
    assert (await post(api, "/v1/customers/c1/spends", spend, 409))["code"] == "insufficient_balance"
    read = await balance(api)
    assert (read["credit_tokens"], read["reserved_tokens"]) == (400, 600)
    done = await post(api, f"{RESERVATIONS}/{held['reservation_id']}/capture", {"tokens": 250}, 200)
    assert (done["status"], done["tokens"], done["spent_idr"], done["credit_tokens"]) == (
        "captured",
        250,
        25,
        750,
    )
    read = await balance(api)
    assert (read["credit_tokens"], read["reserved_tokens"], read["lifetime"]["spent_tokens"]) == (750, 0, 250)
    assert await sums(api) == {0}


async def test_c113_more_than_is_reserved_is_not_captured(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    problem = await post(api, f"{RESERVATIONS}/{held['reservation_id']}/capture", {"tokens": 601}, 409)
    assert (problem["code"], problem["reserved"]) == ("capture_exceeds_reservation", 600)
    await post(api, f"{RESERVATIONS}/{held['reservation_id']}/capture", {"tokens": 600}, 200)


async def test_a_reservation_is_closed_once_and_the_same_again_answers_the_same(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    assert await post(api, RESERVATIONS, BODY, 201) == held
    place = f"{RESERVATIONS}/{held['reservation_id']}"
    captured = await asyncio.gather(*(post(api, f"{place}/capture", {"tokens": 5}, 200) for _ in range(4)))
    assert captured == [captured[0]] * 4
    for path, body in ((f"{place}/capture", {"tokens": 6}), (f"{place}/release", {})):
        problem = await post(api, path, body, 409)
        assert (problem["code"], problem["outcome"]) == ("reservation_closed", "captured")
    assert len(await acts(api)) == 2


async def test_a_release_gives_everything_back(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    answer = await post(api, f"{RESERVATIONS}/{held['reservation_id']}/release", {}, 200)
    assert (answer["status"], answer["credit_tokens"]) == ("released", 1000)


async def test_a_reservation_of_somebody_else_or_of_nobody_is_not_found(api: Api) -> None:
    await api.append([registered("c1"), registered("c2"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    for path in (
        f"/v1/customers/c2/reservations/{held['reservation_id']}/release",
        f"{RESERVATIONS}/none/release",
        f"{RESERVATIONS}/0/release",
    ):
        assert (await post(api, path, {}, 404))["code"] == "reservation_not_found"


@pytest.mark.parametrize("change", [
    {"tokens": 0}, {"tokens": -5}, {"expires_in_seconds": 0}, {"expires_in_seconds": 604_801}, {"expires_in_seconds": "9"}, {"more": 1},
])  # fmt: skip
async def test_reservations_that_are_none_are_refused(api: Api, change: dict[str, object]) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    assert (await post(api, RESERVATIONS, BODY | change, 422))["code"] == "invalid_body"
    assert await acts(api) == []


async def test_c112_a_forgotten_reservation_is_given_back_by_the_keeper_and_cannot_be_captured(
    api: Api,
) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    assert await look_after(api.pool, keeper(api)) == 0
    await make_due(api)
    assert await look_after(api.pool, keeper(api)) == 1
    assert await look_after(api.pool, keeper(api)) == 0
    assert (await balance(api))["credit_tokens"] == 1000
    problem = await post(api, f"{RESERVATIONS}/{held['reservation_id']}/capture", {"tokens": 1}, 409)
    assert (problem["code"], problem["outcome"]) == ("reservation_closed", "expired")


async def test_c112_who_comes_before_the_keeper_finds_it_given_back(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    held = await post(api, RESERVATIONS, BODY, 201)
    await make_due(api)
    problem = await post(api, f"{RESERVATIONS}/{held['reservation_id']}/capture", {"tokens": 1}, 409)
    assert problem["outcome"] == "expired"
    spent = await post(api, "/v1/customers/c1/spends", {"tokens": 1000, "reason": "x", "reference": "r"}, 201)
    assert spent["credit_tokens"] == 0


async def test_a_lost_snapshot_costs_nothing_but_time(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    await post(api, RESERVATIONS, BODY, 201)
    await api.pool.execute("DELETE FROM credit_accounts")
    spend = {"tokens": 401, "reason": "chat", "reference": "r"}
    assert (await post(api, "/v1/customers/c1/spends", spend, 409))["credit_tokens"] == 400
    await api.pool.execute("UPDATE credit_accounts SET format = $1, state = '{}'", FORMAT + 1)
    assert (await post(api, "/v1/customers/c1/spends", spend | {"tokens": 400}, 201))["credit_tokens"] == 0


async def test_use_is_counted_by_the_quotas_of_the_tier_and_shown_at_once(api: Api) -> None:
    await api.append([registered("c1"), published()])
    answer = await post(api, USAGE, {"tokens": 30, "papers": 1, "reference": "u-1"}, 201)
    UsageAnswer.model_validate_json(UsageAnswer(**answer).model_dump_json())
    assert (answer["tier"], answer["paid_by"]) == ("gratis", "quota")
    left = {name: quota["remaining"] for name, quota in answer["quotas"].items()}
    assert left == {"month": 70, "day": 20, "papers": 1}
    await api.fold()
    read = await api.get(f"/v1/customers/c1/entitlements?min_position={answer['position']}")
    assert read["quotas"] == answer["quotas"]


async def test_c105_what_is_over_a_quota_is_not_recorded_and_says_when_it_is_new(api: Api) -> None:
    await api.append([registered("c1"), published()])
    problem = await post(api, USAGE, {"tokens": 51, "reference": "u-1"}, 409)
    assert (problem["code"], problem["quota"]) == ("quota_exceeded", "day")
    assert problem["resets_at"].endswith("T17:00:00Z")
    assert await acts(api) == []
    await post(api, USAGE, {"tokens": 50, "reference": "u-1"}, 201)


async def test_c111_use_with_one_reference_counts_once(api: Api) -> None:
    await api.append([registered("c1"), published()])
    body = {"papers": 1, "reference": "u-1"}
    answers = await asyncio.gather(*(post(api, USAGE, body, 201) for _ in range(5)))
    assert {one["usage_id"] for one in answers} == {answers[0]["usage_id"]}
    assert (await post(api, USAGE, body | {"papers": 2}, 409))["code"] == "reference_reused"
    assert len(await acts(api)) == 1


async def test_fifty_clients_use_one_quota_and_it_is_never_exceeded(api: Api) -> None:
    await api.append([registered("c1"), published()])
    statuses = await asyncio.gather(
        *(_status(api, {"tokens": 3, "reference": f"u-{number}"}) for number in range(50))
    )
    assert (statuses.count(201), statuses.count(409)) == (16, 34)


async def _status(api: Api, body: dict[str, Any]) -> int:
    return (await api.client.post(USAGE, json=body, headers=KEY)).status


async def test_on_a_tier_paid_from_credit_use_spends_it(api: Api) -> None:
    await api.append([registered("c1"), published(), credit("c1", 100), tier("c1", "bpp", None)])
    answer = await post(api, USAGE, {"tokens": 300, "reference": "u-1"}, 201)
    assert (answer["paid_by"], answer["credit_tokens"], answer["spent_idr"]) == ("credit", 700, 30)
    read = await balance(api)
    assert (read["credit_tokens"], read["lifetime"]["spent_tokens"], read["lifetime"]["spent_idr"]) == (
        700,
        300,
        30,
    )
    assert (await post(api, USAGE, {"tokens": 701, "reference": "u-2"}, 409))[
        "code"
    ] == "insufficient_balance"


@pytest.mark.parametrize("body", [
    {}, {"reference": "u"}, {"tokens": 0, "reference": "u"}, {"tokens": -1, "reference": "u"}, {"papers": 10**7, "reference": "u"},
    {"tokens": 1}, {"papers": "1", "reference": "u"},
])  # fmt: skip
async def test_reports_that_are_none_are_refused(api: Api, body: dict[str, object]) -> None:
    await api.append([registered("c1"), published()])
    assert (await post(api, USAGE, body, 422))["code"] == "invalid_body"


@pytest.mark.parametrize(("query", "allowed", "refused"), [
    ("tokens=50", True, None), ("tokens=51", False, "quota_exceeded"), ("papers=3", False, "quota_exceeded"),
    ("tokens=1&papers=2", True, None), ("tokens=0", True, None), ("", None, None),
])  # fmt: skip
async def test_entitlements_decide_for_a_cost(
    api: Api, query: str, allowed: bool | None, refused: str | None
) -> None:
    await api.show(registered("c1"), published())
    read = await api.get(f"/v1/customers/c1/entitlements?{query}")
    assert (read["allowed"], read["refused"]) == (allowed, refused)


@pytest.mark.parametrize(
    ("tokens", "allowed", "refused"), [(1000, True, None), (1001, False, "insufficient_balance")]
)
async def test_entitlements_decide_by_credit_where_the_tier_is_paid_from_it(
    api: Api, tokens: int, allowed: bool, refused: str | None
) -> None:
    await api.show(registered("c1"), published(), credit("c1", 100), tier("c1", "bpp", None))
    read = await api.get(f"/v1/customers/c1/entitlements?tokens={tokens}")
    assert (read["allowed"], read["refused"]) == (allowed, refused)


@pytest.mark.parametrize("query", ["tokens=-1", "tokens=x", "papers=1.5", "tokens=1&tokens=2", "token=1"])
async def test_costs_that_are_none_are_refused_by_entitlements(api: Api, query: str) -> None:
    await api.show(registered("c1"))
    assert (await api.get(f"/v1/customers/c1/entitlements?{query}", 422))["code"] == "invalid_parameter"


async def test_money_that_goes_back_while_nobody_spends_is_seen_by_the_keeper(api: Api) -> None:
    await api.append([registered("c1"), published(refund_after_spend="freeze"), credit("c1", 100)])
    await post(api, "/v1/customers/c1/spends", {"tokens": 300, "reason": "x", "reference": "r"}, 201)
    await api.append([taken_back("c1", 100)])
    assert await look_after(api.pool, keeper(api)) == 1
    assert [one.TYPE for one in await acts(api)] == ["credit.spent", "credit.frozen", "balance.low"]
    assert await look_after(api.pool, keeper(api)) == 0
    read = await balance(api)
    assert (read["frozen"], read["debt_tokens"]) == (True, 300)
    await api.append([credit("c1", 1000)])
    problem = await post(api, "/v1/customers/c1/spends", {"tokens": 1, "reason": "x", "reference": "r2"}, 409)
    assert problem["code"] == "account_frozen"


async def test_c69_use_is_told_in_units_and_counted_by_the_rate_in_force(api: Api) -> None:
    rates = [
        {"meter": "chat", "tokens": 30, "units": 1000},
        {"meter": "later", "since": "2990-01-01T00:00:00Z", "tokens": 1},
    ]
    await api.append(
        [published(spend_rates=rates), registered("c1"), credit("c1", 100), tier("c1", "bpp", None)]
    )
    told = [
        await post(api, USAGE, {"meter": "chat", "units": 50, "reference": f"answer-{number}"}, 201)
        for number in range(5)
    ]
    # 250 units are 7.5 tokens.
    assert [one["tokens"] for one in told] == [1, 2, 1, 2, 1]
    assert (told[-1]["credit_tokens"], told[-1]["metered"]["carried"]) == (993, "1/2")
    UsageAnswer.model_validate_json(UsageAnswer(**told[-1]).model_dump_json())
    rate = {name: told[0]["metered"][name] for name in ("meter", "units", "tokens", "per", "since")}
    assert rate == {"meter": "chat", "units": 50, "tokens": 30, "per": 1000, "since": None}
    again = await post(api, USAGE, {"meter": "chat", "units": 50, "reference": "answer-0"}, 201)
    assert (again["usage_id"], again["position"]) == (told[0]["usage_id"], told[0]["position"])
    other = {"meter": "chat", "units": 51, "reference": "answer-0"}
    assert (await post(api, USAGE, other, 409))["code"] == "reference_reused"
    # Told in tokens it is what it was.
    plain = await post(api, USAGE, {"tokens": 3, "reference": "plain"}, 201)
    assert (plain["tokens"], plain["metered"], plain["credit_tokens"]) == (3, None, 990)
    assert (await balance(api))["credit_tokens"] == 990
    assert await sums(api) == {0}


@pytest.mark.parametrize(
    "body",
    [
        {"meter": "unknown", "units": 5},
        {"meter": "later", "units": 5},
        {"meter": "chat"},
        {"units": 5},
        {"meter": "chat", "units": 5, "tokens": 5},
        {"meter": "chat", "units": 1.5},
        {"meter": "Chat Room", "units": 5},
    ],
)
async def test_c69_what_has_no_rate_or_says_two_things_is_refused(api: Api, body: dict[str, Any]) -> None:
    rates = [
        {"meter": "chat", "tokens": 30, "units": 1000},
        {"meter": "later", "since": "2990-01-01T00:00:00Z", "tokens": 1},
    ]
    await api.append(
        [published(spend_rates=rates), registered("c1"), credit("c1", 100), tier("c1", "bpp", None)]
    )
    refused = await post(api, USAGE, body | {"reference": "r"}, 422)
    assert refused["code"] == "invalid_body"
    assert (await balance(api))["credit_tokens"] == 1000
