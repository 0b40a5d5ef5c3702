"""When a torture is over: with what moves, and with what is missing, without a server and on a clock of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from tests.torture import settling
from tests.torture.settling import BEHIND_SECONDS, MISSING_SECONDS, STILL_SECONDS, settled


class Scene:
    """`place`: where everybody stands at which second; `missing`: how much is missing then, and so long it takes to say."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        place: Callable[[float], object],
        missing: Callable[[float], int],
        *,
        asking: float = 0.0,
        messages: str = "lunas.webhooks.p0\t0",
    ) -> None:
        self.now = 0.0
        self.asked: list[float] = []
        self.left: list[str] = []
        self.said = "not played"
        self._place, self._missing, self._asking, self._said = place, missing, asking, messages
        monkeypatch.setattr(settling, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(settling, "asyncio", SimpleNamespace(sleep=self._sleep))
        monkeypatch.setattr(settling, "_positions", self._positions)
        monkeypatch.setattr(settling, "left_over", self._left_over)

    async def play(self) -> float:
        """How long it takes."""
        self.said = await settled("nowhere", self._messages, missing=self._lacking)
        return self.now

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds

    async def _positions(self, _url: str) -> tuple[tuple[object, ...], bool]:
        return (self._place(self.now),), False

    async def _left_over(self, _url: str) -> list[str]:
        return self.left

    async def _messages(self, *_words: str) -> str:
        return self._said

    async def _lacking(self) -> int:
        self.asked.append(self.now)
        self.now += self._asking
        return self._missing(self.now)


async def test_where_nothing_moves_and_nothing_is_missing_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, lambda now: min(now, 50.0), lambda now: 0)
    assert 50 < await scene.play() < 60
    assert scene.said == ""


async def test_what_is_missing_is_waited_for_until_somebody_sends_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An hour's torture was judged while 103,767 of its webhooks were on their way: two minutes of silence had seemed the end of them."""
    back = 3 * STILL_SECONDS
    scene = Scene(monkeypatch, lambda now: now >= back, lambda now: 0 if now >= back else 7, asking=15.0)
    assert back <= await scene.play() < MISSING_SECONDS


async def test_who_asks_leaves_more_time_than_asking_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, lambda now: 0, lambda now: 7, asking=15.0)
    assert MISSING_SECONDS <= await scene.play() < MISSING_SECONDS + 60
    assert len(scene.asked) > 3
    assert all(later - earlier >= 45.0 for earlier, later in zip(scene.asked, scene.asked[1:], strict=False))


async def test_what_waits_in_a_queue_and_never_moves_ends_it_for_the_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(monkeypatch, lambda now: 0, lambda now: 0, messages="lunas.webhooks.p0\t3")
    assert STILL_SECONDS <= await scene.play() < STILL_SECONDS + BEHIND_SECONDS
    assert scene.asked == []
    assert scene.said.endswith("3 messages wait, or the broker does not say")


async def test_what_waits_in_a_line_for_ever_ends_it_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, lambda now: 0, lambda now: 0)
    scene.left = ["parked: xendit:py-1, 2 wait"]
    assert STILL_SECONDS <= await scene.play() < STILL_SECONDS + BEHIND_SECONDS
    assert scene.said.startswith("given up after ")
    assert scene.said.endswith("parked: xendit:py-1, 2 wait")


async def test_a_database_that_is_away_when_it_is_asked_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[Callable[[], Awaitable[int]]] = []

    async def away() -> int:
        raise OSError("connection refused")

    async def nothing() -> int:
        return 0

    answers += [nothing, away]
    scene = Scene(monkeypatch, lambda now: 0, lambda now: 0)

    async def missing() -> int:
        return await answers.pop()()

    await settled("nowhere", scene._messages, missing=missing)
    assert answers == []
    assert "connection refused" in capsys.readouterr().err
