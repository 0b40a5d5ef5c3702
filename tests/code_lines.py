"""How many lines of code there are: those with a token of their own, so without blanks, comments and docstrings (of names too): `python -m tests.code_lines DIR...`."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """Of one file."""
    texts: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            texts.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    told = [one for one in tokenize.generate_tokens(io.StringIO(source).readline) if one.type not in SILENT]
    return len({line for one in told for line in range(one.start[0], one.end[0] + 1)} - texts)


if __name__ == "__main__":
    files = [file for name in sys.argv[1:] for file in sorted(Path(name).rglob("*.py"))]
    print(
        f"{sum(code_lines(file.read_text(encoding='utf-8')) for file in files)} code lines in {len(files)} files"
    )
