"""One word, one meaning: no two things of ours bear one name, and the glossary explains each word once."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "providers", "runtime", "eventstore", "ingress", "processor", "projections", "api", "notify", "deploy", "console")  # fmt: skip

ALLOWED = {
    # A plan that lifts its holder to a tier: as fulfilment remembers it, as the API shows it.
    "PlanAccess",
}
"""Names that two files may define, each for a reason."""


def test_no_class_name_is_defined_twice() -> None:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(str(path.relative_to(ROOT)))
    twice = {name: paths for name, paths in found.items() if len(paths) > 1 and name not in ALLOWED}
    assert twice == {}


def test_the_glossary_explains_no_word_twice() -> None:
    rows = re.findall(
        r"^\| (\*\*.+?) \|", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    words = [word for row in rows for word in re.findall(r"\*\*(.+?)\*\*", row)]
    assert len(words) > 50
    assert sorted(words) == sorted(set(words))
