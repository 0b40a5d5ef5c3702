"""What became of a search: how many inputs were tried and whether one broke the target. What says nothing is no success."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

NAMES = ("verify", "parse", "translate", "outcome", "fold")
LONGEST_INPUT_SECONDS = 300
"""One that takes longer is taken for one that never ends. The slowest are whole histories of some 50 ms of CPU."""
PATIENCE_SECONDS = 600
"""Beyond the time that was asked for: to import everything, to read the corpus, and for the last input."""
TRIED = re.compile(r"^(?:#|Done )(\d+)[ \t]")
BROKEN = re.compile(r"Test unit written to (\S+)")


@dataclass(frozen=True)
class Verdict:
    """`broken_by`: the file with what broke it; `silence`: why nothing can be said."""

    tried: int
    broken_by: str = ""
    silence: str = ""

    @property
    def exit_code(self) -> int:
        """0: none broke it, 1: one did, 2: nothing can be said."""
        if self.broken_by:
            return 1
        return 2 if self.silence or not self.tried else 0

    @property
    def words(self) -> str:
        """In a few words."""
        if self.broken_by:
            return f"BROKEN by {self.broken_by}, after {self.tried} inputs"
        if self.exit_code:
            return f"NO VERDICT after {self.tried} inputs: {self.silence or 'nothing was tried'}"
        return f"{self.tried} inputs, none broke it"


def watched(inside: Sequence[str], seconds: float, patience: float = PATIENCE_SECONDS) -> Verdict:
    """Runs the search in a process of its own, which may be ended by what it finds; tells what it tells, and ends it when it does not end."""
    tried, broken, late = 0, "", threading.Event()
    with subprocess.Popen(
        inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:

        def give_up() -> None:
            late.set()
            child.kill()

        limit = threading.Timer(seconds + patience, give_up)
        limit.start()
        try:
            for line in child.stdout or ():
                sys.stdout.write(line)
                if told := TRIED.match(line):
                    tried = max(tried, int(told[1]))
                if found := BROKEN.search(line):
                    broken = found[1]
            code = child.wait()
        finally:
            limit.cancel()
    if broken:
        return Verdict(tried, broken_by=broken)
    if late.is_set():
        return Verdict(tried, silence=f"it had not ended {patience:.0f} s after its time was over")
    return Verdict(tried, silence=f"it ended with exit code {code}" if code else "")
