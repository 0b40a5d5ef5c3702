"""Whatever fits the OpenAPI document is answered as it says, and whatever does not is refused: schemathesis calls everything."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from runtime.settings import Settings
from tests.contract.api import hostile
from tests.contract.api.conftest import KEY, Api, serve
from tests.contract.api.test_answers import enrolled, held
from tests.integration.checkout.xendit_door import XenditDoor
from tests.integration.projections.decisions import assessed, credit, registered, subscription

ROOT = Path(__file__).parents[3]

EXAMPLES = 15
"""Calls made up for each operation, beside the examples of the document, the edges of every limit and the walks along links."""

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,positive_data_acceptance,missing_required_header,"
    "unsupported_method,ignored_auth,allow_header_conformance"
)


CLUB = """
[[products]]
id = "klub"
kind = "plan"
tier = "bpp"
price_idr = 100000
period = "1 month"
xendit = { plan_references = ["klub-"] }
"""
"""A second plan, to change to."""
METERS = '[credit]\nspend_rates = [{ meter = "chat", tokens = 30, units = 1000 }]\n'


async def _buy(api: Api) -> None:
    """What the examples of the document name, and more than one page of it."""
    await api.show(
        registered("budi", "budi@example.com"),
        credit("budi", 50_000),
        subscription("budi", "s1"),
        subscription("budi", "xendit:subscription:repl-1", expires_at=None, access_until=None),
        *(enrolled("budi", f"kelas-{n}") for n in range(4)),
        assessed(
            "first", payment_id="py-first-try", aliases=("py-first-try",), customer_id="budi", method="cod"
        ),
        *(
            assessed(
                f"k{n}",
                payment_id=f"py-{n}",
                aliases=(f"py-{n}", f"pr-{n}"),
                customer_id="budi",
                amount=50_000,
            )
            for n in range(4)
        ),
        *(held(f"s{n}") for n in range(4)),
        assessed("s2", amount=1_000_000),
    )


def _every_licence() -> web.Application:
    """A provider that knows any code."""

    async def verify(_request: web.Request) -> web.Response:
        return web.json_response(
            {
                "statusCode": 200,
                "isLicenseActive": True,
                "licenseCode": {"status": "ACTIVE", "expiredAt": None},
            }
        )

    async def switch(_request: web.Request) -> web.Response:
        return web.json_response({"statusCode": 200, "message": "done"})

    app = web.Application()
    app.router.add_post("/saas/v2/license/verify", verify)
    app.router.add_post("/saas/v2/license/{verb}", switch)
    return app


@pytest.mark.timeout(
    1200
)  # thousands of calls: a minute on a quiet machine, and more than the usual on a busy one
async def test_every_call_is_answered_as_documented_whatever_is_sent(
    database_url: str, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    called = tmp_path / "called"
    door = XenditDoor()
    catalogue = tmp_path / "catalog.toml"
    shipped = (ROOT / "catalog.toml").read_text(encoding="utf-8")
    catalogue.write_text(shipped.replace("[credit]\n", METERS, 1) + CLUB, encoding="utf-8")
    async with TestServer(door.app) as xendit, TestServer(_every_licence()) as licences:
        given = settings(
            database_url=database_url, min_position_wait_seconds=0.01, changes_longest_seconds=0.01, read_page_max=3, failed_keys_max=10**6,
            catalog=catalogue, xendit_secret_key="xnd_development_test", xendit_base_url=str(xendit.make_url("/")),
            outgoing_xendit_per_minute=10**6, mayar_api_key="dev-mayar-key", mayar_base_url=str(licences.make_url("/")),
            outgoing_mayar_per_minute=10**6, licence_calls_per_minute=10**6, mayar_product_id="membership",
        )  # fmt: skip
        await _call_everything(given, called, tmp_path)
        door.closing.set()


async def _call_everything(given: Settings, called: Path, tmp_path: Path) -> None:
    async with serve(given) as api:
        await _buy(api)
        program = Path(sys.executable).with_name("schemathesis")
        running = await asyncio.create_subprocess_exec(
            program, "run", str(api.client.make_url("/openapi.json")), "--checks", CHECKS,
            "--max-examples", str(EXAMPLES), "--generation-deterministic", "--seed", "1",
            "--header", f"Authorization: {KEY['Authorization']}", "--no-color", "--continue-on-failure", "--suppress-health-check", "all",
            stdout=PIPE, stderr=STDOUT, cwd=tmp_path,
            env=os.environ | {"SCHEMATHESIS_HOOKS": hostile.__name__, "PYTHONPATH": str(ROOT), hostile.CALLED: str(called)},
        )  # fmt: skip
        try:
            said = (await running.communicate())[0].decode()
        finally:
            if running.returncode is None:
                running.kill()
    assert running.returncode == 0, said
    answers = {tuple(line.split()) for line in called.read_text(encoding="utf-8").splitlines()}
    served, refused = (
        {name for mode, name, status in answers if status in wanted}
        for wanted in (("200", "201"), ("400", "404", "422"))
    )
    assert served == refused == {call.operation for call in api.calls}
