"""What programs ask the console is what the command prints with `--json`, letter by letter; what is wrong is a document."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from tests.console_visits import KEY, Doors, Visitor
from tests.integration.console import conftest as commands
from tests.integration.console.conftest import Result, Run

lunas = commands.lunas
BEARER = {"Authorization": f"Bearer {KEY}", "Accept-Language": "en"}


@pytest.fixture
def database_url(scene_url: str) -> str:
    """The command looks at the scene too."""
    return scene_url


async def asked(doors: Doors, path: str, status: int = 200, **more: Any) -> Any:
    visitor = await doors.visitor()
    method = "POST" if "data" in more else "GET"
    async with visitor.client.request(method, path, headers=BEARER, **more) as answer:
        assert answer.status == status, await answer.text()
        kind = "application/json" if status < 400 else "application/problem+json"
        assert answer.content_type == kind
        return json.loads(await answer.text())


async def customer_of(scene_url: str) -> str:
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    try:
        found: str = await store.fetchval(
            "SELECT customer_id FROM balances WHERE credit_tokens > 0 ORDER BY 1 LIMIT 1"
        )
    finally:
        await store.close()
    return found


async def test_an_explanation_is_that_of_the_command(doors: Doors, scene_url: str, lunas: Run) -> None:
    customer = await customer_of(scene_url)
    for subject in ("balance", "access", "tier"):
        told = await asked(doors, f"/api/explain/{subject}/{customer}")
        assert told == (await lunas("explain", subject, customer, "--json")).json
    assert told["moves"] is not None
    early = await asked(doors, f"/api/explain/balance/{customer}?as-of=2020-01-01")
    assert early["values"]["credit_tokens"] == 0
    wrong = await asked(doors, f"/api/explain/mood/{customer}", 400)
    assert "balance, access or tier" in wrong["detail"]
    assert (await asked(doors, "/api/explain/balance/nobody", 404))["status"] == 404
    await asked(doors, f"/api/explain/balance/{customer}?as-of=then", 400)


async def test_problems_are_those_of_the_command(doors: Doors, lunas: Run) -> None:
    listed = await asked(doors, "/api/problems")
    assert listed == (await lunas("problems", "list", "--json")).json
    assert listed["items"]
    everything = await asked(doors, "/api/problems?all=1")
    assert everything == (await lunas("problems", "list", "--all", "--json")).json
    one = listed["items"][0]["fingerprint"]
    assert await asked(doors, f"/api/problems/{one}") == (await lunas("problems", "show", one, "--json")).json
    await asked(doors, "/api/problems/none", 404)


async def test_a_filter_is_that_of_the_command_and_its_mistakes_point_at_the_column(
    doors: Doors, lunas: Run
) -> None:
    where = "provider=xendit and stage=translate"
    made = await asked(doors, "/api/replay/plans", 201, data=json.dumps({"where": where}))
    assert (made["filter"], made["status"]) == (where, "planned")
    shown = await asked(doors, f"/api/replay/plans/{made['plan_id']}")
    assert shown == made == (await lunas("replay", "show", made["plan_id"], "--json")).json
    by_command: Result = await lunas("replay", "plan", "--where", where, "--json")
    same = ("filter", "items", "kinds", "preview")
    assert {name: made[name] for name in same} == {name: by_command.json[name] for name in same}
    for wrong in ("provider=xendit and amnt>5", "provider=", ""):
        told = await asked(doors, "/api/replay/plans", 400, data=json.dumps({"where": wrong}))
        refused = await lunas("replay", "plan", "--where", wrong)
        assert told["detail"].splitlines()[0] in refused.err
    assert (
        "column 21"
        in (await asked(doors, "/api/replay/plans", 400, data='{"where": "provider=xendit and amnt>5"}'))[
            "detail"
        ].lower()
    )
    for body in (
        "",
        "[]",
        '{"where": 1}',
        '{"where": "since 2h", "more": 1}',
        '{"where": "a", "where": "b"}',
    ):
        assert "where" in (await asked(doors, "/api/replay/plans", 400, data=body))["detail"]


async def test_a_session_of_a_browser_reads_and_sends_nothing(
    sari: Visitor, vina: Visitor, doors: Doors
) -> None:
    assert json.loads(await sari.open("/api/problems"))["items"]
    assert json.loads(await vina.open("/api/problems"))["items"]
    for visitor in (sari, vina):
        answer = await visitor.client.post("/api/replay/plans", json={"where": "provider=xendit"})
        assert answer.status == 403
    nobody = await doors.visitor()
    assert (await nobody.client.get("/api/problems")).status == 401
    assert (await nobody.client.get("/api/problems", headers={"Authorization": "Bearer wrong"})).status == 401
