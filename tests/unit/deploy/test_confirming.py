"""When a broker that confirms nothing is started again, and when it is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from deploy.local.services.children import Child
from deploy.local.services.confirming import (
    NO_ALARM,
    PAUSE_SECONDS,
    REST_SECONDS,
    SOON_SECONDS,
    UNCONFIRMED_MAX,
    Confirming,
)

MEMORY = "[{{resource_limit,memory,'lunas@localhost'},[]}]"


class Ended:
    """Stands for the broker's process."""

    def __init__(self) -> None:
        self.kills = 0
        self.process = object()

    def kill(self) -> None:
        self.kills += 1


class Scene:
    """A broker that says what it is told to say."""

    def __init__(self) -> None:
        self.confirmed: bool | None = False
        self.alarms: str | None = NO_ALARM
        self.now = 1000.0
        self.asked = 0
        self.full = False
        self.writer_gone = False
        self.asked_for_the_writer = 0
        self.published = 0
        self.said: list[str] = []
        self.broker = Ended()
        self.confirming = Confirming(
            "amqp://",
            ["rabbitmqctl"],
            full=lambda: self.full,
            publish=self._publish,
            alarms=self._ask,
            writer_gone=self._is_writer_gone,
            clock=lambda: self.now,
        )
        self.confirming.tend(cast(Child, self.broker), self.said.append)

    def _publish(self, _url: str) -> bool | None:
        self.published += 1
        return self.confirmed

    def _is_writer_gone(self, _control: Sequence[str]) -> bool:
        self.asked_for_the_writer += 1
        return self.writer_gone

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.confirming.step()
            self.confirming.tend(cast(Child, self.broker), self.said.append)

    def _ask(self, _control: Sequence[str]) -> str | None:
        self.asked += 1
        return self.alarms

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.confirming.look()
            self.confirming.tend(cast(Child, self.broker), self.said.append)


def test_a_broker_that_confirms_nothing_without_an_alarm_is_ended_once_and_that_is_said() -> None:
    scene = Scene()
    scene.look(UNCONFIRMED_MAX - 1)
    assert scene.broker.kills == 0
    scene.look()
    assert scene.broker.kills == 1
    assert (
        [line for line in scene.said if "confirms nothing although no alarm is set" in line]
        == scene.said
        != []
    )


@pytest.mark.parametrize("alarms", [MEMORY, "[{{resource_limit,disk,'lunas@localhost'},[]}]", "", None])
def test_a_broker_with_an_alarm_or_that_does_not_say_is_left_alone(alarms: str | None) -> None:
    scene = Scene()
    scene.alarms = alarms
    scene.look(20)
    assert (scene.broker.kills, scene.said) == (0, [])
    scene.alarms = NO_ALARM
    scene.look(UNCONFIRMED_MAX - 1)
    assert scene.broker.kills == 0, "an alarm that has just gone explains what was not confirmed before"


@pytest.mark.parametrize("between", [True, None])
def test_one_confirm_or_a_broker_that_is_down_begins_the_count_anew(between: bool | None) -> None:
    scene = Scene()
    for confirmed in [False, between] * 10:
        scene.confirmed = confirmed
        scene.look()
    assert scene.broker.kills == 0


def test_a_broker_that_was_started_again_has_time_to_recover() -> None:
    scene = Scene()
    scene.look(UNCONFIRMED_MAX)
    scene.now += REST_SECONDS - 1
    scene.look(20)
    assert scene.broker.kills == 1
    scene.now += 2
    scene.look(UNCONFIRMED_MAX)
    assert scene.broker.kills == 2


def test_a_healthy_broker_is_never_asked_for_its_alarms() -> None:
    scene = Scene()
    scene.confirmed = True
    scene.look(20)
    assert scene.asked == 0


def test_after_a_publish_that_was_not_confirmed_the_next_look_comes_soon() -> None:
    scene = Scene()
    assert scene.confirming.pause == PAUSE_SECONDS
    scene.look()
    assert scene.confirming.pause == SOON_SECONDS
    scene.confirmed = True
    scene.look()
    assert scene.confirming.pause == PAUSE_SECONDS


def test_a_broker_that_confirmed_after_its_restart_has_recovered() -> None:
    scene = Scene()
    scene.look(UNCONFIRMED_MAX)
    scene.confirmed = True
    scene.look()
    scene.confirmed = False
    scene.look(UNCONFIRMED_MAX)
    assert scene.broker.kills == 2, "without waiting for the end of its rest"


def test_a_broker_whose_writer_died_of_a_full_disk_is_ended_as_soon_as_there_is_room() -> None:
    scene = Scene()
    scene.full = scene.writer_gone = True
    scene.alarms = "[{{resource_limit,disk,'lunas@localhost'},[]}]"
    scene.now += PAUSE_SECONDS
    scene.step(20)
    assert (scene.broker.kills, scene.published, scene.asked_for_the_writer) == (0, 0, 1), (
        "it could not start"
    )
    scene.full = False
    scene.step()
    assert scene.broker.kills == 1, "the alarm that it has not taken back yet is no reason to wait"
    assert (scene.published, scene.asked_for_the_writer) == (0, 1), (
        "what was found out before is not asked again"
    )
    scene.step(5)
    assert scene.broker.kills == 1


def test_a_broker_that_was_started_again_meanwhile_has_another_writer() -> None:
    scene = Scene()
    scene.full = scene.writer_gone = True
    scene.now += PAUSE_SECONDS
    scene.step(2)
    scene.broker.process, scene.writer_gone = object(), False
    scene.step()
    scene.full, scene.confirmed = False, True
    scene.step(2)
    assert scene.broker.kills == 0


def test_a_writer_that_dies_just_before_there_is_room_is_found() -> None:
    scene = Scene()
    scene.full = True
    scene.step()
    scene.full, scene.writer_gone = False, True
    scene.step()
    assert (scene.broker.kills, scene.published) == (1, 0)


def test_a_broker_whose_writer_lived_through_a_full_disk_is_left_alone_and_published_to_at_once() -> None:
    scene = Scene()
    scene.full = True
    scene.step()
    scene.full, scene.confirmed = False, True
    scene.step()
    assert scene.published == 0
    scene.step()
    assert (scene.broker.kills, scene.published) == (0, 1)


def test_a_broker_with_a_full_disk_is_asked_now_and_then() -> None:
    scene = Scene()
    scene.full = True
    for _ in range(20):
        scene.now += 1.0
        scene.step()
    assert 5 <= scene.asked_for_the_writer <= 7


def test_a_publish_comes_when_its_pause_is_over_and_not_before() -> None:
    scene = Scene()
    scene.confirmed = True
    scene.step(10)
    assert scene.published == 0
    scene.now += PAUSE_SECONDS
    scene.step(10)
    assert scene.published == 1
