"""Sends the broker what it does not have yet, in order, and gives the direct way back when it is through."""

from __future__ import annotations

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from ingress.journal.course import PAUSE_SECONDS, Course, Sender
from ingress.journal.journal import Journal
from ingress.journal.keeper import Keeper
from ingress.journal.reader import JournalReader
from runtime.logs import get_logger
from schemas.errors import NotConfirmed, Unroutable

log = get_logger(__name__)


async def relay(journal: Journal, keeper: Keeper, reader: JournalReader, sender: Sender) -> None:
    """Until it is cancelled. Raises OSError when the journal cannot be read."""
    while True:
        await keeper.behind.wait()
        before = keeper.waiting
        log.warning("the broker is behind the journal", action="ingress.journal_behind", deliveries=before)
        async with sender.course(reader, keeper.progress) as course:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((NotConfirmed, Unroutable)),
                wait=wait_exponential(multiplier=PAUSE_SECONDS[0], max=PAUSE_SECONDS[1]),
            ):
                with attempt:
                    try:
                        await _catch_up(journal, keeper, course)
                    finally:
                        keeper.release()
        log.info("the broker has all of the journal", action="ingress.journal_relayed")


async def _catch_up(journal: Journal, keeper: Keeper, course: Course) -> None:
    sender = course.sender
    await sender.publisher.wait_ready()
    while True:
        # Where a queue is left behind, the others are kept up with from here: the direct way is everybody's.
        while course.behind or course.front + 1 < journal.next - sender.window:
            await course.send(journal.next)
        keeper.hold()
        until = await journal.barrier()
        while not course.behind and course.lacks(until):
            await course.send(until)
        if not course.behind:
            keeper.join()
            return
        keeper.release()
