"""A misspelt variable is noticed; what belongs to others is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings.spelling import misspelt


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LUNAS_INGRES_PORT", "LUNAS_INGRESS_PORT"),
        ("LUNAS_API_PROT", "LUNAS_API_PORT"),
        ("XENDIT_WEBHOK_SECRET", "XENDIT_WEBHOOK_SECRET"),
        ("LUNAS_API_KEY_FIEL", "LUNAS_API_KEY_FILE"),
    ],
)
def test_a_misspelt_variable_is_told_what_was_meant(tmp_path: Path, name: str, meant: str) -> None:
    assert misspelt({name: "1", "LUNAS_API_PORT": "1"}, tmp_path / ".env") == {name: meant}
    (tmp_path / ".env").write_text(f"{name}=1\n", "utf-8")
    assert misspelt({}, tmp_path / ".env") == {name: meant}


@pytest.mark.parametrize("name", ["LUNAS_LANG", "LUNAS_TEST_DATABASE_URL", "LUNAS_FAULTS", "PATH", "HOME"])
def test_other_variables_are_nobody_s_mistake(tmp_path: Path, name: str) -> None:
    assert misspelt({name: "1"}, tmp_path / ".env") == {}
