"""What was found out so far, one line per change, so that a run may be stopped and gone on with; and which changes mean the same as what is there."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.mutation.changes import Mutant, mutants

SURVIVED, NOTICED, UNTRIED, OPEN = "survived", "noticed", "untried", "open"
"""Open: no test noticed so far that ran in the seconds which a change was given."""

EQUIVALENT = "equivalent"

ROOT = Path(__file__).parents[2]
SAME = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Found:
    """What became of one change, and the test that noticed it first."""

    verdict: str
    by: str = ""
    commit: str = ""


@dataclass
class Kept:
    """`path` None: nothing outlives the run."""

    path: Path | None = None
    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    commit: str = ""

    @classmethod
    def open(cls, path: Path | None) -> Kept:
        kept = cls(path, commit=commit_of())
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                said: dict[str, str] = json.loads(line)
                key = said.pop("file"), said.pop("place")
                kept.found[key] = Found(**said)
        return kept

    def of(self, file: str, mutant: Mutant) -> Found | None:
        return self.found.get((file, mutant.place))

    def keep(self, file: str, mutant: Mutant, verdict: str, by: str) -> None:
        self.found[file, mutant.place] = Found(verdict, by, self.commit)
        if self.path is not None:
            said = {"file": file, "place": mutant.place, "verdict": verdict, "by": by, "commit": self.commit}
            with self.path.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(said) + "\n")

    def noticing(self) -> Counter[str]:
        """How many changes each test noticed first."""
        return Counter(one.by for one in self.found.values() if one.by)


def commit_of() -> str:
    """The commit that is checked out, with a star when files differ from it."""
    head = _git("rev-parse", "--short=8", "HEAD")
    return head + ("*" if _git("status", "--porcelain", "--untracked-files=no") else "")


def state_of(files: Sequence[str]) -> str:
    """A name for the files as they are: while they are the same, so are the lines that a test reaches in them."""
    return digest_of(*(ROOT / one for one in files), words=files)


def digest_of(*paths: Path, words: Sequence[str] = ()) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:16]


def _git(*words: str) -> str:
    told = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


class Same:
    """Changes after which the program means what it meant, each with the reason: by file, line (without blanks around it), change, and which one of them."""

    def __init__(self, text: str) -> None:
        self.reasons: dict[tuple[str, str, str], dict[int, str]] = {}
        for one in tomllib.loads(text).get("equivalent", []):
            places = self.reasons.setdefault((one["file"], one["line"], one["change"]), {})
            places.update(dict.fromkeys(one.get("which", [1]), one["why"]))

    @classmethod
    def read(cls) -> Same:
        return cls(SAME.read_text(encoding="utf-8"))

    def of(self, file: str, source: str) -> Iterator[tuple[Mutant, str]]:
        """Every change of a file, with the reason why it means the same ("": it does not)."""
        lines, seen = source.splitlines(), Counter[tuple[str, str]]()
        for mutant in mutants(source):
            line = text_of(lines, mutant)
            seen[line, mutant.what] += 1
            reasons = self.reasons.get((file, line, mutant.what), {})
            yield mutant, reasons.get(seen[line, mutant.what], "")


def text_of(lines: Sequence[str], mutant: Mutant) -> str:
    return lines[mutant.line - 1].strip()


def table(files: Iterable[str], kept: Kept) -> Iterator[str]:
    """Markdown: what became of the changes of each file, and what survives and why."""
    same, total = Same.read(), Counter[str]()
    rows, notes = [], []
    for file in files:
        source = (ROOT / file).read_text(encoding="utf-8")
        counted = Counter[str]()
        for mutant, why in same.of(file, source):
            found = kept.of(file, mutant)
            verdict = EQUIVALENT if why else found.verdict if found else "not run"
            counted[verdict] += 1
            if verdict not in (NOTICED, UNTRIED):
                notes.append(
                    (file, mutant.line, mutant.what, text_of(source.splitlines(), mutant), verdict, why)
                )
        total += counted
        rows.append(_row(f"`{file}`", counted))
    yield "| File | Changes | Noticed | Mean the same | Survive | Not run | Noticed of those that differ |"
    yield "|---|---|---|---|---|---|---|"
    yield from rows
    yield _row("all", total)
    yield ""
    yield "| Line | Change | In | What of it |"
    yield "|---|---|---|---|"
    for file, line, what, text, verdict, why in notes:
        said = text.replace("|", "\\|")
        yield f"| `{file}:{line}` | {what} | `{said}` | {why or verdict} |"


def _row(name: str, counted: Counter[str]) -> str:
    noticed, same, survived = counted[NOTICED], counted[EQUIVALENT], counted[SURVIVED] + counted[OPEN]
    changes, differ = counted.total(), noticed + survived
    share = f"{100 * noticed / differ:.1f} %" if differ else ""
    return f"| {name} | {changes} | {noticed} | {same} | {survived} | {changes - noticed - same - survived} | {share} |"


def stored(path: Path | None, state: str) -> dict[str, Any]:
    """What an earlier part of this run learnt of the tests: by file of tests, if it and the code are the same still."""
    if path is None or not path.exists():
        return {}
    said = json.loads(path.read_text(encoding="utf-8"))
    return (
        {}
        if said.pop("") != state
        else {file: one for file, one in said.items() if one["digest"] == digest_of(ROOT / file)}
    )
