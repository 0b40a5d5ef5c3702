"""Fault points kill where a test says, and are refused in production."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from runtime import faults
from schemas.errors import ConfigurationError


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: seen.append((pid, number)))
    yield seen
    faults.arm("development", {})


def test_nothing_happens_unless_asked_for(kills: list[tuple[int, int]]) -> None:
    faults.arm("development", {})
    faults.fault_point("intake.after_commit")
    assert kills == []


def test_a_named_point_kills_at_the_pass_that_was_asked_for(kills: list[tuple[int, int]]) -> None:
    faults.arm("development", {faults.VARIABLE: "intake.before_ack, intake.after_commit:2"})
    faults.fault_point("intake.after_commit")
    faults.fault_point("elsewhere")
    assert kills == []
    faults.fault_point("intake.after_commit")
    assert kills == [(os.getpid(), signal.SIGKILL)]


def test_production_refuses_the_variable() -> None:
    faults.arm("production", {})
    with pytest.raises(ConfigurationError, match="LUNAS_FAULTS"):
        faults.arm("production", {faults.VARIABLE: "intake.after_commit"})


def test_a_count_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="name:number"):
        faults.arm("development", {faults.VARIABLE: "intake.after_commit:soon"})


def test_half_of_what_is_written_is_out_when_it_dies_half_way(kills: list[tuple[int, int]]) -> None:
    out: list[bytes] = []
    faults.arm("development", {faults.VARIABLE: "ingress.half_answered:2"})
    faults.fault_point_half_way("ingress.half_answered", out.append, b"HTTP/1.1")
    assert (out, kills) == ([], [])
    faults.fault_point_half_way("ingress.half_answered", out.append, b"HTTP/1.1")
    assert out == [b"HTTP"]
    assert kills == [(os.getpid(), signal.SIGKILL)]
    faults.fault_point_half_way("elsewhere", out.append, b"HTTP/1.1")
    assert out == [b"HTTP"]


def test_a_pause_is_made_only_for_a_point_that_was_asked_for(kills: list[tuple[int, int]]) -> None:
    faults.arm("development", {faults.VARIABLE: "publish.unconfirmed"})
    assert faults.is_armed("publish.unconfirmed")
    assert not faults.is_armed("intake.acked")
    faults.arm("development", {})
    assert not faults.is_armed("publish.unconfirmed")
