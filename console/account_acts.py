"""What operators say of an account of credit, with its audit record: for the command and the web console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.credit import judging
from api.credit.judging import NothingToJudge
from console.acts import Act, Done, already, record
from console.exits import CommandError, WrongUse
from console.messages import text
from console.options import actor

if TYPE_CHECKING:
    from runtime.database import Connection

WORDS = {"freeze": judging.freeze, "unfreeze": judging.unfreeze, "forgive": judging.forgive}
OPPOSITES = {"freeze": "unfreeze", "unfreeze": "freeze"}


async def judge(connection: Connection, verb: str, customer: str, reason: str) -> Done:
    """Raises CommandError when there is nothing to say, with who said it before."""
    opposite = OPPOSITES.get(verb)
    undo = f"lunas credit {opposite} {customer} --reason …" if opposite else text("credit.no_undo")
    try:
        before = await judging.look_at(connection, customer)
        position = await WORDS[verb](connection, customer, reason, actor())
    except NothingToJudge:
        raise await nothing_to_say(connection, verb, customer) from None
    state = {"debt_tokens": before.debt, "credit_tokens": before.credit, "frozen": before.frozen}
    act = Act(f"credit.{verb}", customer, reason, undo, before=state, after={"position": position})
    act_id = await record(connection, act)
    return Done(text(f"credit.{verb}_done", customer=customer), act_id, undo)


async def nothing_to_say(connection: Connection, verb: str, customer: str) -> CommandError:
    """The account is so already, by whom; or there is no such customer."""
    nothing = WrongUse(text(f"credit.{verb}_nothing", customer=customer))
    undone_by = [f"credit.{OPPOSITES[verb]}"] if verb in OPPOSITES else []
    return await already(connection, f"credit.{verb}", customer, nothing, undone_by=undone_by)
