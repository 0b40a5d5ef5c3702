"""Which way of compressing whole pages a private database server is started with: the one that it says it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.services.postgres import _page_compression


@pytest.mark.parametrize(
    ("answers", "chosen"), [("echo lz4", "lz4"), ("echo 'invalid value' >&2; exit 2", "on")]
)
def test_the_new_way_where_the_server_has_it_and_else_the_old_one(
    tmp_path: Path, answers: str, chosen: str
) -> None:
    program, asked = tmp_path / "postgres", tmp_path / "asked"
    program.write_text(f'#!/bin/sh\necho "$@" > {asked}\n{answers}\n')
    program.chmod(0o755)
    assert _page_compression(tmp_path, tmp_path / "data") == chosen
    assert asked.read_text() == f"-C wal_compression -D {tmp_path / 'data'} -c wal_compression=lz4\n"
