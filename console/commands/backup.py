"""`lunas backup`: the archive of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.backups.looking import BackupView, look_at_backups, with_bytes
from console.backups.wal_names import wal_name
from console.checks.backups import backup_findings, republish_since
from console.checks.finding import Finding, problem
from console.exits import FINE, PROBLEMS
from console.findings_shown import print_finding
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous
from console.output import print_json, talk
from console.progress import Bar
from console.store import open_store
from console.target import load_target

if TYPE_CHECKING:
    from runtime.settings import Settings


@click.group(cls=Group)
def backup() -> None:
    """The archive of the database: base backups and the log since then."""


@backup.command("check")
@click.option(
    "--no-bytes",
    is_flag=True,
    help="Names only: leave out reading every byte, which takes as long as the archive is large.",
)
@as_json
@asynchronous
async def check(no_bytes: bool, as_json: bool) -> int:
    """Say whether the database could be restored to now, and what would be missing.

    It looks at what PostgreSQL says of archiving, at the whole copies and their age, for holes in the log between, at every byte of both, and whether the
    journals of ingress reach back to the end of the archive. Exit code 1 when there is a problem. It changes nothing.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        view = await look_at_backups(connection, settings)
    failed: list[Finding] = []
    if not no_bytes:
        try:
            with Bar() as bar:
                view = with_bytes(view, bar.show)
        except OSError as error:
            detail = text("backup.unreadable", why=f"{error.filename}: {error.strerror}")
            failed.append(problem("checksums", detail, text("backup.unreadable.fix")))
    findings = [*backup_findings(view, settings), *failed]
    problems = sum(finding.state == "problem" for finding in findings)
    if as_json:
        print_json(_document(view, settings, findings, ok=not problems))
    else:
        for finding in findings:
            print_finding(finding)
        talk(text("backup.summary", count=len(findings), problems=problems))
    return PROBLEMS if problems else FINE


def _document(view: BackupView, settings: Settings, findings: list[Finding], *, ok: bool) -> dict[str, Any]:
    """Times in UTC, ages in seconds; what is not known is null."""
    server, base = view.server, view.newest_base
    age = view.base_age()
    return {
        "ok": ok,
        "archiving": server.on,
        "archived": server.archived,
        "archived_at": server.archived_at,
        "failing": server.failing,
        "failed": server.failed,
        "failed_at": server.failed_at,
        "waiting_files": view.waiting,
        "behind_seconds": view.behind_seconds,
        "reaches": view.reaches,
        "base_backups": len(view.archive.bases) if view.archive else None,
        "base_backup": base and base.folder.name,
        "base_backup_seconds": age and age.total_seconds(),
        "missing": [wal_name(file, server.size) for file in view.missing],
        "flaws": None
        if view.flaws is None
        else [{"file": str(flaw.file), "what": flaw.what} for flaw in view.flaws],
        "republish_since": republish_since(view, settings),
        "checks": [
            {"check": each.check, "state": each.state, "detail": each.detail, "fix": each.fix}
            for each in findings
        ],
    }
