"""A work queue is deleted, by an administrator's own hand and without a loss: who sends stands still until nothing is on its way to any.

RabbitMQ 3.10 deletes a quorum queue whatever is in it (`--if-empty` is not implemented for one), and what is in a queue is lost with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from schemas.topology import RETRY_DELAYS, queue_name, retry_name, work_queues
from tests.torture.kind import SHORT, NotInjected, answered, kept
from tests.torture.stage import REPUBLISH, Stage, family

EMPTY_SECONDS = 90.0
"""Whoever sends is held up no longer: a queue that is not empty by then is not deleted."""
QUIET_LOOKS = 3
"""In a row: what had left before may still lie in a wire, in a socket, or with a channel of the broker."""
PAUSE_SECONDS = 0.5
STAND_SECONDS = 0.01  # between two looks
ANSWER_MS = 3_000
BEGIN_SECONDS = 15.0
"""A broker that takes the order later than that does not delete: whoever asked may have gone on. Less than an answer is waited for."""

WORK = tuple(map(queue_name, range(work_queues(1))))
"""The shared one and each provider's own."""
_NAMES = ", ".join(f'<<"{name}">>' for name in (*WORK, *map(retry_name, RETRY_DELAYS)))
# What the queues themselves know: the numbers of `list_queues` are up to five seconds old. A queue without an answer is not empty.
_BUSY = (
    'Find = fun(Name) -> rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, Name)) end, '
    "Held = fun(Name) -> case catch begin {ok, Queue} = Find(Name),"
    f" ra:consistent_query(amqqueue:get_pid(Queue), fun rabbit_fifo:query_messages_total/1, {ANSWER_MS}) end of"
    " {ok, Number, _} -> Number; _ -> unknown end end, "
    f"Messages = [{{Name, Number}} || Name <- [{_NAMES}], Number <- [Held(Name)], Number =/= 0], "
    "Alarms = [{alarm, Alarm} || Alarm <- rabbit_alarm:get_alarms()], "
    "Unconfirmed = [{unconfirmed, Number} || [{_, Number}] <- rabbit_channel:info_all([messages_unconfirmed]), Number =/= 0], "
    "Busy = Messages ++ Alarms ++ Unconfirmed, "
)
LOOK = _BUSY + "case Busy of [] -> quiet; _ -> {busy, Busy} end."


def delete(name: str, before_ms: int) -> str:
    """Looks once more and deletes, in one turn of the broker; nothing once it is later than that."""
    return (
        _BUSY + f"case {{Busy, os:system_time(millisecond) < {before_ms}}} of"
        f' {{[], true}} -> {{ok, Queue}} = Find(<<"{name}">>),'
        ' {deleted, rabbit_amqqueue:delete(Queue, false, false, <<"torture">>)};'
        " {[], false} -> late; _ -> {busy, Busy} end."
    )


async def work_queue_deleted(stage: Stage, dice: random.Random) -> None:
    """Half of the times the processor stands still too, a moment longer: then it is ingress that finds no queue, else often the consumer."""
    alone, name = dice.random() < 0.5, dice.choice(WORK)
    with contextlib.ExitStack() as held:
        with kept(stage, REPUBLISH), standing_still(stage, "ingress"):
            await _quiet(stage)
            if alone:
                held.enter_context(standing_still(stage, "processor"))
                await _stood_still(stage, "processor")
            await _deleted(stage, name)
        await asyncio.sleep(SHORT)


@contextlib.contextmanager
def standing_still(stage: Stage, name: str) -> Iterator[None]:
    """One process of ours and all that it started get no time; nobody wakes them, and nobody starts another one."""
    with kept(stage, name):
        process = stage.pipeline.running[name]
        stage.standing.add(name)
        try:
            if process.poll() is not None:
                raise NotInjected(f"{name} was dead already")
            _signal(process.pid, signal.SIGSTOP)
            yield
        finally:
            stage.standing.discard(name)
            if process.poll() is None:
                _signal(process.pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    for each in family(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, number)


async def _quiet(stage: Stage) -> None:
    """Until nothing is on its way, nothing waits and nothing is in anybody's hands. Raises NotInjected when that takes too long."""
    until = time.monotonic() + EMPTY_SECONDS
    looks = 0
    while looks < QUIET_LOOKS:
        why = _in_the_way(stage) or _busy(await stage.control_broker("eval", LOOK)) or _in_the_way(stage)
        looks = 0 if why else looks + 1
        if time.monotonic() > until and looks < QUIET_LOOKS:
            raise NotInjected(f"not empty within {EMPTY_SECONDS:g} s: {why or 'looked at too late'}")
        await asyncio.sleep(PAUSE_SECONDS)


async def _deleted(stage: Stage, name: str) -> None:
    if why := _in_the_way(stage):
        raise NotInjected(why)
    said = await stage.control_broker("eval", delete(name, int((time.time() + BEGIN_SECONDS) * 1000)))
    if re.fullmatch(r"\{deleted,\{ok,0\}\}", said.strip()) is None:
        raise NotInjected(f"not deleted: {said.strip()[-150:] or 'no answer'}")


async def _stood_still(stage: Stage, name: str) -> None:
    """A signal is not obeyed before its process gets its turn. One that has died meanwhile does nothing either."""
    process = stage.pipeline.running[name]
    until = time.monotonic() + EMPTY_SECONDS
    while process.poll() is None and not _stands(process.pid):
        if time.monotonic() > until:
            raise NotInjected(f"{name} does not stand still")
        await asyncio.sleep(STAND_SECONDS)


def _busy(said: str) -> str:
    """What an answer to LOOK tells of; nothing where everything is quiet."""
    if said.strip() == "quiet":
        return ""
    try:
        return " ".join(answered("eval", said).split())[:150]
    except NotInjected as error:
        return str(error)


def _in_the_way(stage: Stage) -> str:
    """Who may still send, or how it may still be on its way; nothing where nobody does."""
    if stage.republishing():
        return "republish is sending"
    if not stage.wires["broker"].quiet:
        return "something is in the wire to the broker"
    ingress = stage.pipeline.running["ingress"]
    if ingress.poll() is None and not _stands(ingress.pid):
        return "ingress does not stand still"
    return ""


def _stands(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")
    except OSError:
        return True  # it has died meanwhile
