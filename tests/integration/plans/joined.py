"""Statements that are made of parts: each is explained as it is run, with the parts it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from api.checkout.subscriptions import HISTORY
from api.checkout.wanted import LOOK as LOOK_AHEAD
from api.credit.loading import LOOK as LOOK_AT_ACCOUNTS
from api.credit.loading import LOOK_ONLY
from api.suspense.gathering import FACTS
from eventstore.append import ADVANCE, ADVANCE_EXPECTED, append_parts
from eventstore.checkpoints import advance
from eventstore.queries import in_one_statement, load
from eventstore.read import AGES_BEHIND_STEPS, AT_STEPS
from processor.fulfilment.desk import LOOK
from processor.intake.taking import TAKE_IN, TAKE_IN_AND_LOOK
from tests.integration.plans.rooms import API, CONSOLE, PROCESSOR, PROJECTIONS, Statement

_PARAMETER = re.compile(r"\$\d+")


def joined() -> Iterator[Statement]:
    reads, payments, generations = (
        load("reads.sql", "api"),
        load("payments.sql", "console"),
        load("versions.sql", "projections"),
    )
    happened = ("happened", AT_STEPS)
    timeline = in_one_statement((("steps", reads["steps"]), happened), reads["timeline"])
    shown = in_one_statement((("steps", payments["steps"]), happened), payments["timeline"])
    listed = in_one_statement(
        (("steps", generations["generations"]), ("ages", AGES_BEHIND_STEPS)), generations["list"]
    )
    tiers = in_one_statement((("steps", reads["tier_steps"]), happened), reads["tiers"])
    for session in (API,):
        yield Statement("api/reads.sql:joined timeline", timeline, session)
        yield Statement("api/reads.sql:joined tiers", tiers, session)
        yield Statement("api/plan_requests.sql:joined history", HISTORY, session)
        yield Statement("api/payment_requests.sql:joined look", LOOK_AHEAD, session)
        yield Statement("api/credit.sql:joined look", LOOK_AT_ACCOUNTS, session)
        yield Statement("api/credit.sql:joined look only", LOOK_ONLY, session)
        yield Statement("api/suspense.sql:joined facts", FACTS, session)
    yield Statement("console/payments.sql:joined timeline", shown, CONSOLE)
    for session in (CONSOLE, PROJECTIONS):
        yield Statement("projections/versions.sql:joined list", listed, session)
    yield Statement("processor/fulfilment.sql:joined look", LOOK, PROCESSOR)
    yield Statement("processor/intake.sql:joined take in", TAKE_IN, PROCESSOR)
    yield Statement("processor/intake.sql:joined take in and look", TAKE_IN_AND_LOOK, PROCESSOR)
    for session in (PROCESSOR, API, CONSOLE):
        yield Statement("eventstore/append.sql:joined heads", ADVANCE, session)
        yield Statement("eventstore/append.sql:joined heads, expected", ADVANCE_EXPECTED, session)
    intake = load("intake.sql", "processor")
    written = in_one_statement(
        (
            ("recorded", intake["record"]),
            ("resolved", intake["resolve"]),
            ("moved", advance("fulfilment", 1, 0, 0, 1)[0]),
            *((name, text) for name, (text, _) in append_parts(())),
        ),
        intake["recorded_and_moved"],
    )
    yield Statement("processor/intake.sql:joined write", written, PROCESSOR)


def is_part_of(statement: Statement, whole: Statement) -> bool:
    """Whatever numbers its parameters have there."""
    return _PARAMETER.sub("$", statement.text) in _PARAMETER.sub("$", whole.text)


CONFIRMATIONS = {
    "projections/runner.sql:confirm",
    "processor/fulfilment.sql:moved",
    "processor/intake.sql:recorded",
    "processor/intake.sql:taken_in",
    "processor/intake.sql:taken_in_and_looked",
    "processor/intake.sql:recorded_and_moved",
    "api/credit.sql:saved",
}
"""Last parts that only say what the parts before them wrote: each of these is explained by itself."""
