"""What programs ask the console: the documents that commands print with `--json`, under the same names, and replays planned by the same filter."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from console.commands.problems import HIDDEN
from console.exits import WrongUse
from console.explaining.moves import SUBJECTS
from console.explaining.reading import as_document as explained_document
from console.explaining.reading import explained
from console.messages import text
from console.output import as_json_text
from console.problems.reading import all_problems, as_document, problem_document
from console.replaying.planning import make_plan, plan_document
from console.store import open_store
from console.web.deliveries import as_id
from console.web.filters import moment_asked
from console.web.masking import masked_document
from console.web.rendering import HEADERS
from console.web.visit import Answer, Visit, Way, asked_by_program
from console.where_words import read_where
from schemas import strict_json
from schemas.errors import UnparsableError


async def explain(visit: Visit) -> Answer:
    """As `lunas explain SUBJECT CUSTOMER --as-of T --known-at T --json`."""
    subject = next((one for one in SUBJECTS if one == visit.named("subject")), None)
    if subject is None:
        raise WrongUse(text("web.no_subject", given=visit.named("subject")))
    as_of, known_at = (moment_asked(visit.asked(name), day_ends=True) for name in ("as-of", "known-at"))
    async with visit.connections.one() as connection:
        found = await explained(connection, subject, visit.named("customer"), as_of=as_of, known_at=known_at)
    return _document(visit, explained_document(found))


async def problems(visit: Visit) -> Answer:
    """As `lunas problems list --json`; `?all=1` as with `--all`."""
    everything = visit.asked("all") is not None
    async with visit.connections.one() as connection:
        found = await all_problems(connection, visit.settings)
    shown = [as_document(one) for one in found if everything or one.said.status not in HIDDEN]
    return _document(visit, {"items": shown})


async def problem(visit: Visit) -> Answer:
    """As `lunas problems show PROBLEM --json`."""
    async with visit.connections.one() as connection:
        return _document(visit, await problem_document(connection, visit.settings, visit.named("problem")))


async def plan(visit: Visit) -> Answer:
    """As `lunas replay plan --where … --json`: a body `{"where": "…"}`. It changes nothing but that there is a plan to look at."""
    where = read_where(await _where(visit.request))
    # On a connection of its own: a provider that is asked for its lists may take long.
    async with open_store(visit.settings) as connection:
        plan_id = await make_plan(connection, visit.settings, where)
        return _document(visit, await plan_document(connection, plan_id), 201)


async def planned(visit: Visit) -> Answer:
    """As `lunas replay show PLAN --json`."""
    async with visit.connections.one() as connection:
        return _document(visit, await plan_document(connection, as_id(visit.named("plan"))))


async def _where(request: web.Request) -> str:
    try:
        body = strict_json.loads(await request.read())
    except UnparsableError:
        body = None
    where = body.get("where") if isinstance(body, dict) and body.keys() == {"where"} else None
    if not isinstance(where, str):
        raise WrongUse(text("web.where_body"))
    return where


def _document(visit: Visit, document: dict[str, Any], status: int = 200) -> web.Response:
    shown = document if visit.may("operator") else masked_document(document)
    return web.Response(
        status=status, text=as_json_text(shown), content_type="application/json", headers=HEADERS
    )


WAYS: tuple[Way, ...] = (
    asked_by_program("GET", "/api/explain/{subject}/{customer}", explain),
    asked_by_program("GET", "/api/problems", problems),
    asked_by_program("GET", "/api/problems/{problem}", problem),
    asked_by_program("POST", "/api/replay/plans", plan, "operator"),
    asked_by_program("GET", "/api/replay/plans/{plan}", planned),
)
