"""Every address of the console against every role below the one it needs: refused, whatever it is about, and nothing is recorded."""

from __future__ import annotations

import re
import uuid

import asyncpg
import pytest

from console.web.app import WAYS
from console.web.operators import ROLES, Role, at_least
from console.web.visit import Way
from tests.console_visits import Doors
from tests.integration.web.conftest import signed_in

PEOPLE: dict[Role, str] = {"viewer": "vina", "operator": "sari", "approver": "ayu"}


def place(way: Way) -> str:
    """The address with something in the place of its names."""
    return re.sub(r"\{\w+\}", str(uuid.UUID(int=7)), way.path)


def test_c161_acts_are_for_operators_and_letting_anothers_count_is_for_approvers() -> None:
    acts = [way for way in WAYS if way.method == "POST" and not way.program]
    assert acts
    assert {way.path for way in acts if way.role == "viewer"} == set()
    assert {way.path for way in acts if way.role == "approver"} == {"/corrections/{change}/approve"}


@pytest.mark.parametrize("role", ROLES)
async def test_c161_whoever_is_less_than_an_address_needs_is_refused_there(
    doors: Doors, scene_url: str, role: Role
) -> None:
    visitor = await signed_in(doors, PEOPLE[role])
    page = await visitor.open("/replay")
    csrf = page.partition('name="csrf" value="')[2][:64]
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    try:
        before = await store.fetchval("SELECT count(*) FROM operator_acts")
        for way in WAYS:
            if way.program or at_least(role, way.role):
                continue
            sent = {"csrf": csrf, "reason": "x"} if way.method == "POST" else None
            answer = await visitor.client.request(way.method, place(way), data=sent, allow_redirects=False)
            assert answer.status == 403, (way.method, way.path)
        assert await store.fetchval("SELECT count(*) FROM operator_acts") == before
    finally:
        await store.close()


async def test_c161_an_approver_comes_to_where_others_are_refused(doors: Doors) -> None:
    ayu = await signed_in(doors, "ayu")
    page = await ayu.open("/replay")
    csrf = page.partition('name="csrf" value="')[2][:64]
    nothing = f"/corrections/{uuid.UUID(int=7)}/approve"
    answer = await ayu.client.post(nothing, data={"csrf": csrf, "reason": "x"}, allow_redirects=False)
    assert answer.status == 404, await answer.text()
