"""Every search ends with a verdict, and what says nothing is no success."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz import __main__ as search
from tests.fuzz.targets import TARGETS
from tests.fuzz.verdict import NAMES, Verdict, watched

LONG_SECONDS = 3600


def said(program: str, patience: float = LONG_SECONDS) -> Verdict:
    """What is said of a search that does this."""
    return watched([sys.executable, "-c", program], 0, patience)


def test_what_ran_to_its_end_is_told_with_how_much_it_tried() -> None:
    verdict = said("print('#512\\tpulse  cov: 3\\nDone 740 runs in 21 second(s)')")
    assert (verdict.exit_code, verdict.words) == (0, "740 inputs, none broke it")


def test_what_broke_it_is_named() -> None:
    program = (
        "print('#9\\tNEW\\nartifact_prefix=x/; Test unit written to x/broke-crash-1'); raise SystemExit(77)"
    )
    verdict = said(program)
    assert (verdict.exit_code, verdict.words) == (1, "BROKEN by x/broke-crash-1, after 9 inputs")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("pass", "NO VERDICT after 0 inputs: nothing was tried"),
        ("print('#7\\tpulse'); raise SystemExit(3)", "NO VERDICT after 7 inputs: it ended with exit code 3"),
    ],
)
def test_what_says_nothing_is_no_success(program: str, words: str) -> None:
    verdict = said(program)
    assert (verdict.exit_code, verdict.words) == (2, words)


def test_what_does_not_end_is_ended_and_told() -> None:
    verdict = said("import time; time.sleep(3600)", patience=0.5)
    assert (verdict.exit_code, verdict.tried) == (2, 0)
    assert "had not ended" in verdict.words


def test_by_chance_too_what_breaks_it_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parse").mkdir()
    (tmp_path / "parse" / "seed").write_bytes(b"{}")
    monkeypatch.setattr(search, "CORPUS", tmp_path)

    def breaks(data: bytes) -> None:
        raise AssertionError(data)

    with pytest.raises(search.Broken) as broken:
        search.by_chance(breaks, "parse", LONG_SECONDS, 1)
    verdict = broken.value.verdict
    assert (verdict.exit_code, verdict.tried) == (1, 1)
    assert Path(verdict.broken_by).parent == tmp_path / "parse"


def test_every_target_has_its_name() -> None:
    assert tuple(TARGETS) == NAMES
