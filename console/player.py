"""Sends signed webhooks to the door for providers, the way providers do: again, out of order, at a rate, until answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import aiohttp
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_result,
    stop_after_attempt,
    wait_chain,
    wait_fixed,
)

from console.exits import CommandError
from console.messages import text

CONCURRENCY = 16
"""Requests in flight at once; several providers with a few connections each."""

ANSWER_SECONDS = 10.0
RETRY_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before a delivery that got no 2xx or 4xx is sent again; real providers wait minutes."""

REACH = 25
"""A delivery out of order moves by at most this many places."""


class Signed(Protocol):
    """One webhook ready to send."""

    @property
    def path(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


S = TypeVar("S", bound=Signed)


@dataclass(frozen=True, slots=True)
class Answered:
    """How the door answered one delivery in the end. `status` 0: never. `attempts` counts the requests."""

    delivery: Signed
    status: int
    attempts: int


def shuffle(deliveries: Sequence[S], *, duplicates: float, disorder: float, seed: int) -> list[S]:
    """The same deliveries, some of them again (also twice), some of them moved. The same seed gives the same order."""
    dice = random.Random(seed)  # noqa: S311 - a simulation must be repeatable, not unpredictable
    placed: list[tuple[float, int, S]] = []
    for index, delivery in enumerate(deliveries):
        place = float(index)
        if dice.random() < disorder:
            place += dice.uniform(-REACH, REACH)
        placed.append((place, len(placed), delivery))
        while dice.random() < duplicates:
            placed.append((place + dice.uniform(0, REACH), len(placed), delivery))
    return [delivery for _, _, delivery in sorted(placed, key=lambda item: item[:2])]


async def play(
    address: str,
    deliveries: Sequence[Signed],
    *,
    rate: float | None = None,
    concurrency: int = CONCURRENCY,
    patience: float | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[Answered]:
    """Sends all; `rate` is deliveries per second, None as fast as they are answered. Order of start is the given order.

    Raises CommandError when nobody listens at `address` at all, or when for `patience` seconds something waited and nothing got its last
    answer. Without patience every delivery is repeated as providers do, and later failures become answers.
    """
    await check_door(address, ANSWER_SECONDS if patience is None else patience)
    answers: list[Answered | None] = [None] * len(deliveries)
    slots = asyncio.Semaphore(concurrency)
    loop = asyncio.get_running_loop()
    started, begun, done = loop.time(), 0, 0

    def moved() -> None:
        """Patience begins anew with every last answer, and while nothing is on its way there is nothing to be patient about."""
        limit.reschedule(None if patience is None or begun == done else loop.time() + patience)

    async def send(index: int) -> None:
        nonlocal done
        try:
            answers[index] = await _deliver(session, address, deliveries[index])
        finally:
            slots.release()
        done += 1
        moved()
        progress(done, len(deliveries))

    connector = aiohttp.TCPConnector(limit=concurrency)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            asyncio.timeout(None) as limit,
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            asyncio.TaskGroup() as group,
        ):
            for index in range(len(deliveries)):
                if rate:
                    await asyncio.sleep(started + index / rate - loop.time())
                await slots.acquire()
                begun += 1
                if begun == done + 1:
                    moved()
                group.create_task(send(index))
    except TimeoutError as error:
        told = {"seconds": f"{patience:g}", "done": done, "of": len(deliveries)}
        raise CommandError(text("error.door_stuck", address=address, **told)) from error
    return [answer for answer in answers if answer is not None]


async def check_door(address: str, seconds: float) -> None:
    """Raises CommandError when nobody answers there in time."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{address}/livez"):
            pass
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise CommandError(text("error.ingress_away", address=address)) from error


async def _deliver(session: aiohttp.ClientSession, address: str, delivery: Signed) -> Answered:
    """Sends until there is an answer that a provider would not retry: 2xx, or 4xx other than 408 and 429."""
    attempts = 0

    async def attempt() -> int:
        nonlocal attempts
        attempts += 1
        return await _request(session, address, delivery)

    repeating = AsyncRetrying(
        retry=retry_if_result(_would_be_retried),
        stop=stop_after_attempt(len(RETRY_PAUSES_SECONDS) + 1),
        wait=wait_chain(*map(wait_fixed, RETRY_PAUSES_SECONDS)),
        retry_error_callback=_last_status,
    )
    return Answered(delivery, await repeating(attempt), attempts)


def _would_be_retried(status: int) -> bool:
    return not (200 <= status < 300 or (400 <= status < 500 and status not in (408, 429)))


def _last_status(state: RetryCallState) -> int:
    """What the last attempt was answered with."""
    return state.outcome.result() if state.outcome else 0


async def _request(session: aiohttp.ClientSession, address: str, delivery: Signed) -> int:
    try:
        async with session.post(
            f"{address}{delivery.path}", data=delivery.body, headers=dict(delivery.headers)
        ) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0
