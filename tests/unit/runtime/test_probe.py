"""Does the broker confirm? Yes, no, or it cannot be asked: whoever keeps it starts it again for the second only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aio_pika
import pytest
from aio_pika.exceptions import DeliveryError
from aiormq.exceptions import AMQPConnectionError, ChannelAccessRefused, ConnectionInternalError

from runtime.amqp.probe import published
from tests.waiting import turns


class _Connection:
    """Answers the declaration, or the publish, with an error."""

    def __init__(self, declared: BaseException | None, sent: BaseException | None) -> None:
        self._declared, self._sent = declared, sent

    async def channel(self, *, publisher_confirms: bool) -> _Connection:
        assert publisher_confirms
        return self

    async def declare_queue(self, *_words: Any, **_more: Any) -> None:
        if self._declared is not None:
            raise self._declared

    async def publish(self, *_words: Any, **_more: Any) -> None:
        if self._sent is not None:
            raise self._sent

    @property
    def default_exchange(self) -> _Connection:
        return self

    async def close(self) -> None:
        pass


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    async def ask(
        *,
        connected: BaseException | None = None,
        declared: BaseException | None = None,
        sent: BaseException | None = None,
    ) -> bool | None:
        async def connect(_url: str, timeout: float) -> _Connection:
            if connected is not None:
                raise connected
            return _Connection(declared, sent)

        monkeypatch.setattr(aio_pika, "connect", connect)
        return await published("amqp://nobody")

    return ask


async def test_one_that_confirms_does(asked: Callable[..., Any]) -> None:
    assert await asked() is True


@pytest.mark.parametrize(
    "trouble",
    [
        # Seen with RabbitMQ 3.10 after a full disk, while our queue was not there.
        {
            "declared": ConnectionInternalError(
                "INTERNAL_ERROR - Cannot declare quorum queue: cluster_not_formed"
            )
        },
        {"declared": TimeoutError()},
        {"sent": TimeoutError()},
        {"sent": DeliveryError(None, None)},  # type: ignore[arg-type]
    ],
    ids=["internal error", "no queue in time", "no confirm in time", "refused"],
)
async def test_one_that_answers_and_takes_nothing_confirms_nothing(
    asked: Callable[..., Any], trouble: dict[str, Exception]
) -> None:
    assert await asked(**trouble) is False


@pytest.mark.parametrize(
    "trouble",
    [
        {"connected": ConnectionRefusedError()},
        {"connected": AMQPConnectionError("starting")},
        {"declared": ChannelAccessRefused("no right to configure")},
        # The ways in which the library says that the connection ended meanwhile.
        {"declared": RuntimeError("<Connection> closed")},
        {"declared": Exception("closed")},
        {"declared": asyncio.CancelledError()},
    ],
    ids=["down", "starting", "not allowed", "closed", "closed otherwise", "no heartbeat"],
)
async def test_one_that_cannot_be_asked_is_not_held_to_be_broken(
    asked: Callable[..., Any], trouble: dict[str, BaseException]
) -> None:
    assert await asked(**trouble) is None


async def test_who_is_stopped_while_it_asks_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(_url: str, timeout: float) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(aio_pika, "connect", connect)
    asking = asyncio.create_task(published("amqp://nobody"))
    await turns()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
