"""What Mayar says of one membership on being asked, whatever it answers: in the words of its webhook, or nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.mayar.lists import MayarLists
from providers.outgoing import CallFailed
from providers.reconciling import AskedMembership, MembershipLists, ToldMembership
from providers.registry import PROVIDERS
from schemas.facts import SubscriptionReported
from schemas.translation import TranslationContext
from tests.unit.providers.test_lists import JSON, STABLE, Answers

ENDS = "2026-12-01T16:59:59.000Z"
MEMBER = {
    "status": "active", "memberId": "K7PQ2MXD", "expiredAt": ENDS, "customerId": "c-9", "membershipTierId": "t-1",
    "customer": {"email": "ratna@contoh.id"}, "membershipTier": {"name": "Klub"},
}  # fmt: skip
LICENCE = {"isLicenseActive": True, "licenseCode": {"licenseCode": "LCN-1", "status": "ACTIVE", "expiredAt": ENDS, "membershipTierName": "Klub"}}  # fmt: skip
MEMBERS = "/hl/v2/memberships/members"


def failed(outcome: Any, code: str, **more: Any) -> CallFailed:
    return CallFailed(outcome, code, **more)


NOT_THERE = failed("refused", "provider_refused", status=404)


async def asked(answers: Answers, **names: tuple[str, ...]) -> ToldMembership | None:
    lists = MayarLists(answers)  # type: ignore[arg-type]
    assert isinstance(lists, MembershipLists)
    return await lists.membership(AskedMembership(**names))


def read(told: ToldMembership | None) -> SubscriptionReported:
    """What intake would make of the answer."""
    assert told is not None
    assert told.body is not None
    context = TranslationContext(received_at=datetime(2026, 11, 1, tzinfo=UTC))
    (fact,) = PROVIDERS["mayar"].translate(json.loads(told.body), context).facts
    assert isinstance(fact.event, SubscriptionReported)
    return fact.event


async def test_a_member_is_found_at_the_product_that_has_it_and_told_as_its_webhook_would() -> None:
    answers = Answers([NOT_THERE, {"data": MEMBER}])
    told = await asked(answers, members=("K7PQ2MXD",), products=("p-1", "p-2"))
    assert [(path, query["productId"]) for path, query in answers.asked] == [(f"{MEMBERS}/K7PQ2MXD", "p-1"), (f"{MEMBERS}/K7PQ2MXD", "p-2")]  # fmt: skip
    fact = read(told)
    assert (fact.subscription_key, fact.report, fact.payer_email) == (
        "K7PQ2MXD",
        "activated",
        "ratna@contoh.id",
    )
    assert fact.expires_at is not None
    assert told is not None
    assert (fact.expires_at, told.active) == (told.expires_at, True)
    assert [(hint.kind, hint.value) for hint in fact.products] == [("product", "p-2"), ("tier", "Klub")]


async def test_a_licence_is_verified_by_its_code() -> None:
    fact = read(await asked(Answers([LICENCE]), licences=("LCN-1",), products=("p-1",)))
    assert (fact.subscription_key, fact.report, fact.licence_code) == ("LCN-1", "activated", "LCN-1")


@pytest.mark.parametrize(("status", "member"), [("inactive", MEMBER), ("expired", MEMBER)])
async def test_one_that_is_over_there_begins_nothing(status: str, member: dict[str, Any]) -> None:
    told = await asked(
        Answers([{"data": member | {"status": status}}]), members=("K7PQ2MXD",), products=("p-1",)
    )
    assert told is not None
    assert (told.active, told.status, told.body) == (False, status, None)


async def test_what_nothing_names_the_product_of_is_asked_of_nobody() -> None:
    answers = Answers([])
    assert await asked(answers, members=("K7PQ2MXD",), licences=("LCN-1",)) is None
    assert await asked(answers, members=("../../secret",), products=("p-1",)) is None
    assert answers.asked == []


@pytest.mark.parametrize(
    "document", [{"data": MEMBER | {"expiredAt": "soon"}}, {"data": []}, {}, {"data": {"status": 7}}]
)
async def test_an_answer_that_nobody_can_read_is_no_answer(document: Any) -> None:
    with pytest.raises(CallFailed):
        await asked(Answers([document]), members=("K7PQ2MXD",), products=("p-1",))


@STABLE
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBER, JSON)))
async def test_nothing_but_a_failed_call_escapes(odd: dict[str, Any]) -> None:
    with suppress(CallFailed):
        await asked(Answers([{"data": MEMBER | odd}]), members=("K7PQ2MXD",), products=("p-1",))
