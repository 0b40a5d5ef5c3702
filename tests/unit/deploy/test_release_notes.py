"""Notes of a release: what they name can be checked, and what was changed afterwards is noticed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.release_notes import ROOT, changes, main, notes, supported

IMAGE = f"lunas:0.1.0@sha256:{'0' * 64}"
COMMIT = "0123456789012345678901234567890123456789"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project with a version that is said something of."""
    made = tmp_path / "project"
    for name in ("docs/upgrading.md", "deploy/previous-release"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made / name)
    (made / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [0.2.0]\n\n- Now.\n\n## [0.1.0]\n\n- Before.\n"
    )
    return made


def made_of(folder: Path) -> list[Path]:
    wheel, parts = folder / "lunas-0.2.0-py3-none-any.whl", folder / "lunas.cdx.json"
    wheel.write_bytes(b"wheel")
    parts.write_bytes(b"{}")
    return [wheel, parts]


def test_a_version_has_its_own_changes_and_no_others() -> None:
    text = "## [Unreleased]\n\n- Later.\n\n## [0.2.0] - soon\n\n- Now.\n\n## [0.1.0]\n\n"
    assert changes(text, "0.2.0") == "- Now."
    for version in ("0.1.0", "0.3.0"):
        with pytest.raises(ValueError, match="changelog"):
            changes(text, version)


def test_the_notes_name_every_file_the_bytes_of_the_image_and_what_is_supported(
    root: Path, tmp_path: Path
) -> None:
    files = made_of(tmp_path)
    written = notes("0.2.0", COMMIT, [IMAGE], files, root)
    assert written == notes("0.2.0", COMMIT, [IMAGE], list(reversed(files)), root)
    sums = written.split("```text\n")[1].split("```")[0]
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict"], input=sums, cwd=tmp_path, text=True, capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
    assert IMAGE in written
    assert supported((ROOT / "docs/upgrading.md").read_text()) in written
    assert "- Now." in written
    assert "- Later." not in written


def test_an_image_by_a_tag_alone_is_refused_and_so_is_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["0.1.0", "--commit", COMMIT, "--image", "lunas:0.1.0", str(made_of(tmp_path)[0])],
        ["0.1.0", "--commit", COMMIT, str(tmp_path / "nothing")],
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
    assert "names no bytes" in capsys.readouterr().err


# OpenSSH's program is the signer's and the reader's, not ours: where it is missing, only the notes themselves are tried.
@pytest.mark.parametrize("signer", ["ssh-keygen"] if shutil.which("ssh-keygen") else [])
def test_signed_notes_are_checked_with_openssh_and_one_byte_more_is_another_text(
    signer: str, root: Path, tmp_path: Path
) -> None:
    """The commands of docs/releasing.md."""
    key, written = tmp_path / "key", tmp_path / "lunas-0.2.0.md"
    subprocess.run([signer, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    written.write_text(notes("0.2.0", COMMIT, [IMAGE], made_of(tmp_path), root))
    subprocess.run(
        [signer, "-q", "-Y", "sign", "-n", "lunas-release", "-f", str(key), str(written)], check=True
    )
    signers = tmp_path / "signers"
    signers.write_text(f"release@lunas {(tmp_path / 'key.pub').read_text()}")

    def checked() -> int:
        return subprocess.run(
            [signer, "-Y", "verify", "-f", str(signers), "-I", "release@lunas", "-n", "lunas-release", "-s", f"{written}.sig"],
            input=written.read_bytes(), capture_output=True,
        ).returncode  # fmt: skip

    assert checked() == 0
    written.write_text(written.read_text() + " ")
    assert checked() != 0
