"""What a run of the torture says of itself: nothing is called done that was not, nothing broken that was not seen."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.crashpoints import dying as patience
from tests.crashpoints.__main__ import together
from tests.crashpoints.dying import GIVEN_UP, Dying, dealt, shares, told
from tests.crashpoints.office import is_right, names_in, orders
from tests.crashpoints.rounds import Step
from tests.torture.__main__ import Rig
from tests.torture.comparing import PATIENT, compared
from tests.torture.kind import Kind, NotInjected, mended
from tests.torture.kinds import kill, kinds
from tests.torture.machine_kinds import filled
from tests.torture.recovery import NOT_THROUGH, NeverAgain, Probe
from tests.torture.report import Injected, Report
from tests.torture.stage import Stage
from tests.witness.verdict import Verdict

FINE = "VERDICT: 0 lost, 0 doubled, 0 invented, every rupiah accounted for"


def test_there_are_at_least_fifty_kinds_of_faults_and_no_name_twice() -> None:
    names = [kind.name for kind in kinds() if kind.fault]
    assert len(names) == len(set(names)) >= 50


def test_a_run_in_which_nothing_was_injected_is_no_proof() -> None:
    report = Report(1, 10, 1.0, sent=10)
    assert not report.ok
    report.injected.append(Injected("freeze broker 2 s", 0.0, failed="not here"))
    report.injected.append(Injected("doctor", 1.0, fault=False))
    assert "VERDICT: void, nothing was injected" in report.lines()
    report.injected.append(Injected("kill ingress", 1.0))
    assert report.ok
    assert FINE in report.lines()
    report.verdict.against("I1 accepted and lost", ["one"])
    assert "VERDICT: broken" in report.lines()


def test_a_run_that_was_cut_short_says_what_is_missing_and_is_no_success() -> None:
    report = Report(1, 10, 1.0, sent=9, kills=1, asked_kills=2, asked_kinds=2, again="--webhooks 10")
    report.asked_faults = 3
    report.injected = [Injected("kill ingress", 1.0), Injected("freeze broker 2 s", 0.0, failed="not here")]
    said = report.lines()
    assert [line for line in said if line.startswith("NOT REACHED")] == [
        "NOT REACHED: 9 of 10 webhooks were sent before the time was over",
        "NOT REACHED: 1 of 2 kills before the time was over",
        "NOT REACHED: 1 of 2 kinds of faults",
        "NOT REACHED: 1 of 3 faults",
    ]
    assert not report.ok
    assert FINE not in said
    assert said[-1] == "again: python -m tests.torture --seed 1 --webhooks 10"


def test_where_a_machine_may_be_slow_what_was_not_reached_is_told_and_what_is_broken_is_red() -> None:
    report = Report(1, 10, 1.0, sent=9, asked_kills=2, slow=True)
    report.injected = [Injected("freeze broker 2 s", 0.0, failed="not here")]
    assert not report.ok
    report.injected.append(Injected("kill ingress", 1.0))
    assert report.ok
    assert "NOT REACHED: 9 of 10 webhooks were sent before the time was over" in report.lines()
    report.verdict.against("I1 accepted and lost", ["one"])
    assert not report.ok


class _Commands:
    """Answers of our own commands, in the place of a stage."""

    database_url = "postgresql://straight"

    def __init__(self, **answers: tuple[int, str]) -> None:
        self.answers = answers
        self.given: list[dict[str, str]] = []

    async def lunas(self, *words: str, **more: str) -> tuple[int, str]:
        self.given.append(more)
        return self.answers[words[0]]


async def test_a_comparison_that_was_cut_off_is_red_and_not_called_a_difference() -> None:
    verdict = Verdict()
    away = (1, "Error: PostgreSQL at 127.0.0.1 has not answered for 5 s")
    await compared(_Commands(projections=(0, '{"ok": true}'), fulfilment=away), verdict)
    assert list(verdict.broken) == ["I6 could not be looked at: lunas fulfilment verify ended with 1"]


async def test_a_comparison_that_found_a_difference_says_so_and_had_all_the_time_it_needs() -> None:
    verdict = Verdict()
    commands = _Commands(projections=(1, '{"ok": false, "items": []}'), fulfilment=(0, '{"ok": true}'))
    await compared(commands, verdict)
    assert list(verdict.broken) == ["I6 what is shown is not the fold of the log"]
    assert all(more == PATIENT | {"LUNAS_DATABASE_URL": commands.database_url} for more in commands.given)


async def test_a_fault_is_ended_however_often_another_one_is_in_the_way() -> None:
    tries = iter([ConnectionRefusedError(), NotInjected("no answer"), None])

    async def mend() -> None:
        if (trouble := next(tries)) is not None:
            raise trouble

    await mended(mend)
    assert next(tries, "done") == "done"


async def test_a_fault_that_cannot_be_ended_is_told() -> None:
    async def mend() -> None:
        raise NotInjected("no answer")

    with pytest.raises(NotInjected):
        await mended(mend, patience=0)


async def test_a_disk_that_is_not_there_cannot_be_filled_and_one_that_is_is_emptied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotInjected):
        async with filled(None):
            raise AssertionError("nothing to fill")
    room = [3 << 20]

    def allocate(_descriptor: int, _offset: int, size: int) -> None:
        if size > room[0]:
            raise OSError(28, "No space left on device")
        room[0] -= size

    monkeypatch.setattr("os.posix_fallocate", allocate)
    async with filled(tmp_path):
        assert room == [0]
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


async def test_what_was_dead_already_was_not_killed() -> None:
    stage: Any = SimpleNamespace(kill=lambda _name: False)
    with pytest.raises(NotInjected):
        await kill("ingress").inject(stage, random.Random(1))


async def test_whom_another_fault_killed_did_not_die_at_its_step() -> None:
    stage = Stage(*([None] * 9))  # type: ignore[arg-type]

    def start(name: str, **more: str) -> None:
        def poll() -> int:
            stage.killed |= {7} if more else set()  # somebody else comes before it is there
            return -signal.SIGKILL

        pipeline.running[name] = SimpleNamespace(pid=7, poll=poll, wait=lambda: 0)

    pipeline: Any = SimpleNamespace(running={}, start=start)
    stage.pipeline = pipeline
    start("ingress")
    crash = next(kind for kind in kinds() if kind.name == "crash at ingress.confirmed")
    with pytest.raises(NotInjected, match="another fault"):
        await crash.inject(stage, random.Random(1))
    assert stage.kills == 0


class _Clock:
    """Probes take so long, each in turn; the last one again and again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, probe: Probe, *took: float) -> None:
        self.now, self._took = 0.0, list(took)
        monkeypatch.setattr("tests.torture.recovery.time.monotonic", lambda: self.now)
        monkeypatch.setattr(probe, "_once", self._once)

    async def _once(self, _session: object, _until: float = 0.0) -> float:
        took = self._took.pop(0) if len(self._took) > 1 else self._took[0]
        self.now += 10.0 if took == NOT_THROUGH else took
        return took


async def test_what_comes_through_slowly_on_a_machine_with_more_to_do_is_well_and_usual_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody: Any = None
    probe = Probe("", "", longest=60.0)
    clock = _Clock(monkeypatch, probe, NOT_THROUGH, 2.0)
    assert 60.0 < await probe.recovered(nobody) <= 62.0
    assert probe.usual == 2.0
    began = clock.now
    assert await probe.recovered(nobody) == 0.0
    assert clock.now == began + 6.0


async def test_what_does_not_come_through_never_was_well_again(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody: Any = None
    probe = Probe("", "", longest=60.0)
    _Clock(monkeypatch, probe, 2.0, 2.0, NOT_THROUGH)
    with pytest.raises(NeverAgain):
        await probe.recovered(nobody)


async def test_what_waits_behind_what_is_worked_off_is_waited_for_until_that_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen at the end of an hour: the probe stood behind hundreds of thousands, which were worked off for thirteen minutes."""
    nobody: Any = None
    places = iter([1, 2, 3, 3])

    async def moved() -> int:
        return next(places)

    probe = Probe("", "", longest=60.0, moved=moved)
    clock = _Clock(monkeypatch, probe, NOT_THROUGH)
    with pytest.raises(NeverAgain, match="nothing moved"):
        await probe.recovered(nobody)
    assert clock.now > 3 * 60.0
    patient = Probe("", "", longest=60.0, moved=moved)
    places = iter(range(100))
    _Clock(monkeypatch, patient, *[NOT_THROUGH] * 20, 0.1)
    assert await patient.recovered(nobody) > 3 * 60.0


async def test_kinds_that_had_no_turn_have_it_in_the_storm_until_there_are_enough() -> None:
    done: list[str] = []

    def kind(name: str) -> Kind:
        async def inject(_stage: Stage, _dice: random.Random) -> None:
            done.append(name)

        return Kind(name, inject)

    chosen = [kind(name) for name in "abcdef"]
    nobody: Any = None
    report = Report(1, 10, 1.0, injected=[Injected("a", 1.0), Injected("b", 0.0, failed="not here")])
    rig = Rig(nobody, nobody, nobody, nobody, random.Random(1), report)
    await rig.what_is_left(chosen, 4, time.monotonic() + 60)
    assert report.kinds == 4
    assert len(done) == 3
    assert "a" not in done
    await rig.what_is_left(chosen, 6, time.monotonic() - 1)
    assert len(done) == 3


def test_each_share_of_the_deaths_is_for_every_step() -> None:
    assert shares(20) == [1, 5, 10, 15, 20]
    assert shares(7) == [1, 5, 7]
    assert shares(2) == [1, 2]
    assert shares(1) == [1]


def test_deaths_are_dealt_out_and_what_any_machine_found_is_found() -> None:
    assert dealt(20, 2) == [10, 10]
    assert dealt(5, 2) == [3, 2]
    assert dealt(1, 2) == [1]
    fine, bad = Verdict(figures={"sent": 3}), Verdict({"I1": ["lost"]}, {"sent": 4, "late": 1})
    found = together([fine, bad])
    assert found.figures == {"sent": 7, "late": 1}
    assert found.broken == {"I1": ["machine 1: lost"]}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has patience."""
    monkeypatch.setattr(patience, "WEDGED_SECONDS", 0.0)
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
async def test_steps_are_died_at_round_by_round_and_one_that_nothing_leads_to_is_what_is_wrong() -> None:
    tried: Counter[str] = Counter()
    order: list[str] = []
    steps = [Step("ingress", name) for name in ("often", "never")]

    async def die(step: Step) -> bool:
        tried[step.point] += 1
        order.append(step.point)
        return step.point == "often"

    dying = Dying(3, random.Random(1))
    await dying.in_turn("ingress", steps, 3, die)
    assert dying.died == {"ingress often": 3, "ingress never": 0}
    assert tried == {"often": 3, "never": GIVEN_UP}
    assert order[:4] == ["often", "never", "often", "never"]
    assert dying.judged().broken == {
        "C steps that nothing leads to any more": [f"ingress never: {GIVEN_UP} tries in a row"],
        "C steps that were never died at": ["ingress never"],
    }


async def test_a_step_is_not_given_up_while_a_busy_machine_may_only_be_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More tries than would do, in less time than would; each with more patience than the one before, up to a limit."""
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.0)
    given: list[float] = []

    async def die(step: Step) -> bool:
        given.append(dying.patience(step.title))
        if len(given) <= 2 * GIVEN_UP:
            raise TimeoutError
        return True

    dying = Dying(1, random.Random(1))
    await dying.in_turn("ingress", [Step("ingress", "late")], 1, die)
    assert dying.died == {"ingress late": 1}
    assert given[:3] == [60.0, 120.0, 240.0]
    assert max(given) == 240.0
    assert dying.patience("ingress late") == 60.0
    assert not dying.judged().broken


def test_time_that_was_over_is_told_and_is_wrong_only_of_a_step_that_was_never_died_at() -> None:
    dying = Dying(5, random.Random(1), until=time.monotonic() - 1)
    dying.died.update({"api one": 5, "api two": 3})
    assert not dying.judged().broken
    assert told([dying], 5)[-1] == (
        "THE TIME WAS OVER before all were died at 5 times: api two (3); each of 2 at least 3 times"
    )
    dying.died["api three"] = 0
    assert dying.judged().broken == {"C steps that were never died at": ["api three"]}
    assert told([Dying(5, random.Random(1), died=Counter({"api one": 5}))], 5)[-1] == (
        "each of 1 steps was died at 5 times"
    )


async def test_once_the_time_is_over_only_what_was_never_died_at_is_died_at() -> None:
    died: list[str] = []

    async def die(step: Step) -> bool:
        died.append(step.point)
        return True

    dying = Dying(3, random.Random(1), until=time.monotonic() - 1, died=Counter({"ingress one": 1}))
    await dying.in_turn("ingress", [Step("ingress", "one"), Step("ingress", "two")], 3, die)
    assert died == ["two"]
    assert dying.died == {"ingress one": 1, "ingress two": 1}
    assert not dying.judged().broken


def test_commands_that_are_in_each_others_way_are_given_one_after_the_other() -> None:
    lanes: dict[str, set[str]] = {}
    for order in orders():
        lanes.setdefault(order.lane, set()).add(order.point)
    assert lanes["rebuild"] == {
        "rebuild.created", "rebuild.copied", "rebuild.kept", "rebuild.dropping", "rebuild.swapping", "rebuild.swapped",
    }  # fmt: skip
    assert len(lanes) > 4


def test_what_a_provider_vouches_for_is_known_by_any_name_in_it() -> None:
    assert names_in(
        {"event": "payment.capture", "data": {"payment_request_id": "pr-1", "captures": [{"id": "c"}]}}
    ) == {
        "payment.capture",
        "pr-1",
        "c",
    }
    assert names_in({"id": "inv-1", "amount": 7, "paid": None}) == {"inv-1"}
    known = {"pr-1"}
    assert is_right({"event": "payment.capture", "data": {"payment_request_id": "pr-1"}}, known)
    assert not is_right({"event": "payment.capture", "data": {"payment_request_id": "pr-2"}}, known), (
        "invented"
    )
    assert is_right({"event": "lunas.payment_contested", "names": ["pr-2"]}, known)
    assert not is_right({"event": "lunas.payment_contested", "names": ["pr-1"]}, known), (
        "it stands by that one"
    )
