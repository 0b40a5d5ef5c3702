"""The processes: does each answer, is it ready, and is it the one that we expect there."""

from __future__ import annotations

from collections.abc import Iterator

from console.causes import ALL, PROCESSES
from console.checks.finding import Finding, ok, problem
from console.messages import text
from console.overview import Overview


def check_processes(seen: Overview) -> Iterator[Finding]:
    """What the probes of the overview found."""
    for trouble in seen.troubles:
        subject = trouble.subject
        if subject is not None and subject.name in (ALL, *PROCESSES):
            fix = text(
                f"doctor.process_{subject.kind}.fix", name="NAME" if subject.name == ALL else subject.name
            )
            yield problem("process", trouble.sentence, fix, subject)
    ready = [name for name, probed in seen.processes.items() if probed.state == "ready"]
    if ready:
        yield ok("process", text("doctor.processes", names=", ".join(ready)))
