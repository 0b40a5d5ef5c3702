"""Images are pinned to digests, all of them or none, whatever the registry says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy import pin_images

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
TAGS = {"postgres:17.6-bookworm", "rabbitmq:4.1.4", "python:3.11.13-slim-bookworm"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files, and a docker that answers what stands in `says`, or fails with it."""
    for path in pin_images.files():
        shutil.copy(path, tmp_path)
    copies = pin_images.files(tmp_path)
    monkeypatch.setattr(pin_images, "files", lambda: copies)
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin/docker"
    docker.write_text(
        f'#!/bin/sh\necho "$4" >>{tmp_path}/asked\ncat {tmp_path}/says\ngrep -q ^sha256: {tmp_path}/says\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def texts(folder: Path) -> str:
    return (
        "".join(path.read_text() for path in sorted(folder.glob("compose*.yaml")))
        + (folder / "Dockerfile").read_text()
    )


def test_every_image_of_somebody_elses_gets_its_digest_and_nothing_else_changes(folder: Path) -> None:
    before = texts(folder)
    (folder / "says").write_text(f"{OLD}\n")
    assert pin_images.main([]) == 0
    after = texts(folder)
    assert after.replace(f"@{OLD}", "") == before
    assert after.count(f"@{OLD}") == 5
    # Each is asked for once, however often it is named.
    assert sorted((folder / "asked").read_text().split()) == sorted(TAGS)
    assert "image: lunas:0.1.0\n" in after


def test_the_check_says_what_is_not_pinned_or_moved_on_and_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = texts(folder)
    (folder / "says").write_text(f"{OLD}\n")
    assert pin_images.main(["--check"]) == 1
    assert "postgres:17.6-bookworm has no digest" in capsys.readouterr().out
    assert texts(folder) == before
    assert pin_images.main([]) == 0
    assert pin_images.main(["--check"]) == 0
    (folder / "says").write_text(f"{NEW}\n")
    capsys.readouterr()
    assert pin_images.main(["--check"]) == 1
    assert f"rabbitmq:4.1.4 was {OLD}; the registry has {NEW}" in capsys.readouterr().out
    assert pin_images.main([]) == 0
    assert texts(folder).count(f"@{NEW}") == 5


def test_a_registry_that_gives_none_is_told_and_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = texts(folder)
    (folder / "says").write_text("unauthorized\n")
    assert pin_images.main([]) == 3
    assert "gives no digest of python:3.11.13-slim-bookworm: unauthorized" in capsys.readouterr().err
    assert texts(folder) == before


def test_without_docker_it_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert pin_images.main(["--check"]) == 3
    assert "there is no docker here" in capsys.readouterr().err
