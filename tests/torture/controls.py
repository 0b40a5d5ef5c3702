"""Negative controls: the torture of a program, or of a setting, that is known to be wrong. A witness that says "nothing lost" of these sees nothing.

Each must end red. Those that are bugs are planted in a copy of the project (see tests/museum), which is then tortured.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.museum.__main__ import Bug, bugs, copied

DEDUPE_OFF = Bug(
    name="dedupe-off",
    why="nothing is recognised as a duplicate",
    file="processor/intake/verdicts.py",
    old="    return prepared.envelope.provider, translation.dedupe_key",
    new="    return None",
    tests=(),
)
LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Control:
    """`words`: of the torture; `bug`: what is planted before; `invariants`: beginnings of what may be found broken, and one must be.

    `wrong`: words that make it wrong where a setting does. The same torture without them comes first, and must end green: else what is red says
    nothing of the setting.
    """

    name: str
    words: tuple[str, ...]
    invariants: tuple[str, ...]
    bug: Bug | None = None
    module: str = "tests.torture"
    wrong: tuple[str, ...] = ()


def controls() -> list[Control]:
    """All of them."""
    planted = {bug.name: bug for bug in bugs()}
    short = ("--webhooks", "2500", "--minutes", "1", "--most", "4", "--storm", "0.2")
    return [
        Control("dedupe-off", (*short, "--kinds", "kill ingress"), ("I2",), DEDUPE_OFF),
        Control(
            "ack-before-commit",
            (*short, "--storm", "0", "--kinds", "crash at intake.before_commit"),
            ("I1",),
            planted["ack-before-commit"],
        ),
        Control(
            "journal-off",
            (*short, "--storm", "0", "--kinds", "broker's disk full,disk alarm of broker", "--answering"),
            ("I1", "I11"),
            wrong=("--without-journal",),
        ),
        Control("fsync-off", ("--cuts", "4", "--control", "fsync-off"), (), module="tests.powercuts"),
    ]


def run_control(name: str, seed: int, more: Sequence[str] = ()) -> int:
    """0 when it ended red, as it must; 1 when the witness saw nothing; 2 for a name that is none."""
    control = next((one for one in controls() if one.name == name), None)
    if control is None:
        print(
            f"No control is called {name!r}. There are: {', '.join(one.name for one in controls())}",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="lunas-control-") as folder:
        tree = Path(__file__).parents[2] if control.bug is None else _planted(Path(folder), control.bug)
        words = ["--seed", str(seed), *control.words, *more]
        if control.wrong:
            code, _ = _tortured(control, tree, words)
            print(
                f"control {name}, without {' '.join(control.wrong)}: {'green' if code == 0 else 'NOT GREEN'}"
            )
            if code != 0:
                return 1
        code, said = _tortured(control, tree, [*words, *control.wrong])
    if control.module != "tests.torture":
        return code
    broken = [
        line
        for line in said.splitlines()
        if line.startswith(tuple(f"BROKEN {invariant}" for invariant in control.invariants))
    ]
    red = code == 1 and bool(broken)
    print(f"control {name}: {'red, as it must be' if red else 'NOT RED: the witness sees nothing'}")
    return 0 if red else 1


def _tortured(control: Control, tree: Path, words: Sequence[str]) -> tuple[int, str]:
    """Exit code and report of one run in a project of its own."""
    done = subprocess.run(
        [sys.executable, "-m", control.module, *words],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    print(done.stdout)
    return done.returncode, done.stdout


def _planted(folder: Path, bug: Bug) -> Path:
    tree = copied(folder)
    place = tree / bug.file
    place.write_text(bug.planted(place.read_text("utf-8")), "utf-8")
    return tree
