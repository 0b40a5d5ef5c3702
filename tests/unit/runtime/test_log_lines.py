"""At a terminal a log line is a sentence with a time and a process; what is for programs is left out."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.log_lines import PersonRenderer

ENTRY = {
    "action": "broker.connected",
    "event": "broker connected",
    "process": "ingress",
    "level": "info",
    "timestamp": "2026-11-29T05:08:28.288562Z",
    "link": "lunas-ingress-publish",
}


def line(*, colours: bool = False, **more: Any) -> str:
    return PersonRenderer(colours=colours)(None, "info", {**ENTRY, **more})


def test_who_did_what_and_when_here() -> None:
    assert line() == "12:08:28 ingress     broker connected  link=lunas-ingress-publish"


def test_trouble_is_named_and_an_exception_follows() -> None:
    said = line(level="error", event="gave up", exception="file.py:1 in x\nValueError")
    assert said.splitlines() == [
        "12:08:28 ingress     error: gave up  link=lunas-ingress-publish",
        "file.py:1 in x",
        "ValueError",
    ]


def test_values_that_could_break_a_line_are_quoted() -> None:
    assert "link='a b'" in line(link="a b")
    assert "\n" not in line(link="a\nb")
    assert "address=127.0.0.1:8080" in line(address=["127.0.0.1", 8080])


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_only_for_those_who_see_them(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[33m" in line(colours=True, level="warning")
    monkeypatch.setenv(variable, value)
    assert "\x1b[" not in line(colours=True, level="warning")
