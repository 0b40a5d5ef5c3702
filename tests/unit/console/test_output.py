"""Rupiah, times, tables, JSON and colour."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from console import language, output
from console.times import WIB, ago, iso, moment, parse_moment, short_moment

NOW = datetime(2026, 11, 22, 2, 40, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    language.choose("en")
    yield
    language.choose(None)


@pytest.mark.parametrize(
    ("amount", "english", "indonesian"),
    [
        (0, "Rp 0", "Rp 0"),
        (999, "Rp 999", "Rp 999"),
        (50_000, "Rp 50,000", "Rp 50.000"),
        (1_234_567_890, "Rp 1,234,567,890", "Rp 1.234.567.890"),
        (-25_000, "Rp -25,000", "Rp -25.000"),
        (None, "-", "-"),
    ],
)
def test_rupiah_follows_the_language(amount: int | None, english: str, indonesian: str) -> None:
    assert output.rupiah(amount) == english
    language.choose("id")
    assert output.rupiah(amount) == indonesian


def test_times_are_shown_in_wib_and_utc() -> None:
    assert moment(NOW) == "2026-11-22 09:40:12 WIB (02:40:12 UTC)"
    late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert moment(late) == "2026-11-23 03:00:00 WIB (2026-11-22 20:00:00 UTC)"
    assert short_moment(late) == "2026-11-23 03:00:00"
    assert moment(None) == "-"
    assert iso(late.astimezone(WIB)) == "2026-11-22T20:00:00Z"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("30m", NOW - timedelta(minutes=30)),
        ("3D", NOW - timedelta(days=3)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=WIB)),
        ("2026-11-22T08:00:00Z", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22 08:00", datetime(2026, 11, 22, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_an_age_or_iso_and_means_wib_without_a_zone(given: str, expected: datetime) -> None:
    assert parse_moment(given, NOW) == expected


@pytest.mark.parametrize("given", ["", "2", "soon", "2x", "32.13.2026"])
def test_other_times_are_refused(given: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(given, NOW)


@pytest.mark.parametrize(
    ("past", "shown"),
    [(0, "0 s"), (89, "89 s"), (90, "1 min"), (3 * 3600, "3 h"), (3 * 86400, "3 d"), (-5, "0 s")],
)
def test_ages_are_short(past: int, shown: str) -> None:
    assert ago(NOW - timedelta(seconds=past), NOW) == shown


def test_a_table_lines_up_and_carries_no_colour_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(
        ["NAME", "N"], [("a", 1), (output.paint("longer", "red"), 1000), (None, 0)], right=(1,)
    )
    assert capsys.readouterr().out == "NAME       N\na          1\nlonger  1000\n-          0\n"


def test_no_color_wins_over_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.coloured(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.coloured(Terminal())


def test_json_is_one_document_with_exact_values(capsys: pytest.CaptureFixture[str]) -> None:
    identifier = uuid.uuid4()
    output.print_json(
        {"at": NOW, "id": identifier, "amount": 10**15, "bytes": b"\x00\xff", "name": "Ratna – é"}
    )
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-11-22T02:40:12Z",
        "id": str(identifier),
        "amount": 10**15,
        "bytes": "00ff",
        "name": "Ratna – é",
    }


def test_what_others_wrote_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "budi\x1b]0;owned\x07\x1b[2J\x1b[8m\u202egnp.exe\rRp 1"
    output.print_table(["PAYER", "STATE"], [(hostile, output.paint("held", "red"))])
    output.print_data(f"payer  {hostile}")
    output.talk(hostile)
    shown = capsys.readouterr()
    for line in (shown.out + shown.err).split("\n"):
        assert line.isprintable()
    assert shown.out.count("\n") == 3
    assert "\\x1b]0;owned\\x07\\x1b[2J\\x1b[8m" in shown.out
    assert output.tame(output.paint("held", "red")) == output.paint("held", "red")


def test_json_carries_bytes_that_are_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"user-agent": "curl\udcff", "name": "Ratna é"})
    assert json.loads(capsys.readouterr().out) == {"user-agent": "curl\udcff", "name": "Ratna é"}


def test_a_closed_stream_has_no_colour() -> None:
    assert output.coloured(None) is False
