"""What CI runs again: few tests, of a run that came to its end."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest

from tests.again import CRASHED, ENDED, MOST, again


def ran(tmp_path: Path, code: int | None, *red: str) -> Path:
    (tmp_path / "cache").mkdir()
    (tmp_path / "lunas").mkdir()
    if code is not None:
        (tmp_path / ENDED).write_bytes(orjson.dumps(code))
    (tmp_path / "cache/lastfailed").write_bytes(orjson.dumps(dict.fromkeys(red, True)))
    return tmp_path


def test_one_that_is_green_alone_is_named_and_the_run_is_green(tmp_path: Path) -> None:
    out, named = io.StringIO(), tmp_path / "named"
    assert again(ran(tmp_path, 1, "a::b", "a::c"), lambda _: True, out, named) == 0
    assert named.read_text() == "a::b\na::c\n"
    assert "a::b" in out.getvalue()


def test_one_that_is_red_again_is_red(tmp_path: Path) -> None:
    out, named = io.StringIO(), tmp_path / "named"
    assert again(ran(tmp_path, 1, "a::b", "a::c"), lambda test: test == "a::b", out, named) == 1
    assert named.read_text() == "a::b\n"
    assert "Red again: a::c" in out.getvalue()


@pytest.mark.parametrize(
    ("code", "red"),
    [
        (1, [f"a::{number}" for number in range(MOST + 1)]),
        (1, []),
        (0, ["a::b"]),
        (2, ["a::b"]),
        (3, ["a::b"]),
        (CRASHED, ["a::b"]),
        (None, ["a::b"]),
    ],
)
def test_a_run_that_failed_in_another_way_is_red_as_it_stands(
    tmp_path: Path, code: int | None, red: list[str]
) -> None:
    def never(test: str) -> bool:
        raise AssertionError(test)

    assert again(ran(tmp_path, code, *red), never, io.StringIO(), tmp_path / "named") == 1
