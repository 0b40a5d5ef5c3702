"""The processes: does each answer, is it ready, and is it the one that we expect there."""

from __future__ import annotations

from collections.abc import Iterator

from console.causes import ALL, PROCESSES
from console.checks.finding import Finding, note, ok, problem
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
    for name, probed in seen.processes.items():
        for provider in probed.left_alone:
            yield problem(
                "provider",
                text("status.left_alone", provider=provider, name=name),
                text("doctor.left_alone.fix", provider=provider),
            )
    if seen.fakes is not None:
        yield note("fakes", text("doctor.fakes", address=seen.fakes), text("doctor.fakes.fix"))
    ready = [name for name, probed in seen.processes.items() if probed.state == "ready"]
    if ready:
        yield ok("process", text("doctor.processes", names=", ".join(ready)))
