"""What a child says of its death is of this run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local.services.children import Child
from deploy.local.services.users import ServiceUser


def test_last_words_are_not_those_of_an_earlier_run(tmp_path: Path) -> None:
    log = tmp_path / "migrate.log"
    log.write_text("the schema is up to date, said last week\n", "utf-8")
    child = Child(
        name="migrate",
        command=[sys.executable, "-c", "print('no database')"],
        environment={},
        user=ServiceUser(None, os.geteuid(), os.getegid()),
        folder=tmp_path,
        log=log,
    )
    for _ in range(2):  # started again after it died: still this run
        child.start()
        assert child.process is not None
        child.process.wait()
    assert child.last_words().split() == ["no", "database", "no", "database"]
