"""`lunas top`: what is wrong comes first, healthy things take one line, and everything fits the window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest

from console import exits, language, main
from console.live_screen import Rates, lines, rates
from console.output import table_lines
from console.overview import Overview
from console.probes import Probed
from console.queues import QueueState

AT = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
STILL = Rates(None, {})


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    language.choose("en")
    yield
    language.choose(None)


def seen(**changes: object) -> Overview:
    one = Overview(
        at=AT,
        position=100,
        processes={"ingress": Probed("http://127.0.0.1:1", "ready")},
        providers=[{"provider": "p", "last_event_at": AT - timedelta(minutes=3), "last_day": 40, "slow": 0}],
        parked={"count": 0, "amount": 0, "unknown": 0},
        suspense={"count": 0, "amount": 0, "oldest": None},
        quarantine={"count": 0},
        queues=[QueueState("a", True, 0, 1), QueueState("b", True, 0, 1)],
        readers=[{"name": "r", "behind": 0, "lag_seconds": 0.0}],
    )
    for name, value in changes.items():
        setattr(one, name, value)
    return one


def plain(
    one: Overview, pace: Rates = STILL, width: int | None = 100, height: int | None = None
) -> list[str]:
    return [click.unstyle(line) for line in lines(one, pace, width, height)]


def test_healthy_things_take_one_line_and_abnormal_ones_are_named() -> None:
    assert plain(seen())[0].endswith("All is well.")
    assert "queues: 2 empty" in plain(seen())
    busy = seen(
        queues=[QueueState("a", True, 7, 1), QueueState("b", True, 0, 1)],
        readers=[{"name": "r", "behind": 5, "lag_seconds": 2.0}],
    )
    shown = "\n".join(plain(busy))
    assert "queues: 1 empty" in shown
    assert ["a", "7", "1"] in [line.split() for line in shown.splitlines()]
    assert ["r", "5", "2.0"] in [line.split() for line in shown.splitlines()]


def test_what_waits_for_a_person_is_named_and_nothing_is_said_of_none() -> None:
    waits = seen(
        corrections={"count": 2, "amount": 9_000_000, "oldest": AT - timedelta(hours=5)},
        lines={"streams": 1, "waiting": 4, "amount": 50_000, "oldest": AT - timedelta(hours=2)},
    )
    shown = "\n".join(plain(waits, width=200))
    assert "2 wait for another person's approval (Rp 9,000,000), the oldest 5 h" in shown
    assert "1 parked, 4 wait behind them" in shown
    nothing = seen(corrections={"count": 0, "amount": 0, "oldest": None}, lines={"streams": 0, "waiting": 0})
    assert "approval" not in "\n".join(plain(nothing))


def test_what_is_wrong_comes_first_whole_and_wrapped() -> None:
    wrong = seen()
    wrong.add("the queue of webhooks has no consumer: start one with `lunas run processor`, then look again")
    shown = plain(wrong, width=50)
    assert shown[0].startswith("✗ the queue")
    assert " ".join(line.strip() for line in shown[:3]).startswith(f"✗ {wrong.troubles[0].sentence}")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("height", [5, 12, 50])
def test_it_fits_every_window(width: int, height: int) -> None:
    wrong = seen(queues=[QueueState(f"queue-{n}", True, n, 0) for n in range(1, 30)])
    for number in range(12):
        wrong.add(f"trouble number {number} of a name that is rather long for a window of this size")
    shown = plain(wrong, width=width, height=height)
    assert len(shown) <= height
    assert max(map(len, shown)) <= width


def test_two_looks_give_rates_and_one_gives_none() -> None:
    later = seen(at=AT + timedelta(seconds=4), position=120)
    assert later.providers is not None
    later.providers = [later.providers[0] | {"last_day": 48}]
    assert rates(None, later) == Rates(None, {})
    assert rates(seen(), later) == Rates(5.0, {"p": 2.0})
    # What is older than a day falls out of the count: that is no negative rate.
    assert rates(later, seen(at=AT + timedelta(seconds=8))).webhooks == {"p": 0.0}


def test_without_an_instance_it_says_so_once_also_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    assert main.run(["top"]) == exits.PROBLEMS
    assert "make run" in capsys.readouterr().err
    assert main.run(["top", "--once", "--json"]) == exits.PROBLEMS
    assert '"ok": false' in capsys.readouterr().out


def test_a_table_fits_and_only_sentences_are_cut() -> None:
    row = ("0190f3c2-aaaa-bbbb-cccc-1234567890ab", "a reason in many words, which nobody has to copy", 5)
    shown = table_lines(["ID", "WHY", "COUNT"], [row], right=(2,), width=70)
    assert max(len(click.unstyle(line)) for line in shown) <= 70
    assert str(row[0]) in shown[1]
    assert "…" in shown[1]
    assert len(shown) == 2
    assert str(row[1]) in table_lines(["ID", "WHY", "COUNT"], [row], right=(2,))[1]


@pytest.mark.parametrize("width", [10, 40, 60, 80, 120, 200])
def test_a_row_that_does_not_fit_goes_on_in_the_next_line_and_its_ids_stay_whole(width: int) -> None:
    ids = ("0190f3c2-aaaa-bbbb-cccc-1234567890ab", "0190f3c2-aaaa-bbbb-cccc-1234567890ac")
    rows = [
        (
            ids[0],
            "2026-11-22 09:40:12",
            "Rp 50,000",
            "a reason in many words, which nobody has to copy",
            ids[1],
        )
    ] * 2
    shown = [
        click.unstyle(line)
        for line in table_lines(
            ["ID", "AT (WIB)", "AMOUNT", "WHY", "OTHER ID"], rows, right=(2,), width=width
        )
    ]
    assert max(map(len, shown)) <= width
    assert len(shown) % 3 == 0  # headings and two rows take the same number of lines
    if width >= 40:
        for whole in (*ids, *rows[0][1:3]):
            assert sum(whole in line for line in shown) == 2
        heads = len(shown) // 3
        assert [line.startswith(" ") for line in shown[:heads]] == [False] + [True] * (heads - 1)
