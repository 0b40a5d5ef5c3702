"""What our pages tell to paste is executed by a test or says why it is not, and is a command with options that exist."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from console.main import lunas
from tests.page_blocks import PageBlock, every_block

BLOCKS = every_block()
PASTED = re.compile(
    r"^\s*(?:lunas|curl|make|docker|python3?|rabbitmqctl|psql|npx|cp|export|printf|openapi-python-client|sh)\s",
    re.MULTILINE,
)


def named(block: PageBlock) -> str:
    return f"{block.page}:{block.line}"


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_what_can_be_pasted_is_marked(block: PageBlock) -> None:
    """A block without a mark, or marked `text`, is a picture or what a program printed."""
    assert (
        block.info in ("", "text", "sh", "sql", "json", "python", "ts", "js", "toml")
        or len(block.why_not or "") > 5
    ), block.info
    if not block.info.startswith("sh") and block.info in ("", "text"):
        lines = PASTED.findall(block.text)
        assert lines == [] or block.page == "README.id.md", lines


NOT_RUN = [block for block in BLOCKS if block.why_not]


@pytest.mark.parametrize("block", NOT_RUN, ids=named)
def test_commands_that_no_test_runs_have_the_options_they_name(block: PageBlock) -> None:
    for line in block.commands:
        words = shlex.split(line, comments=True)
        if words[:1] != ["lunas"]:
            continue
        context, command, rest = click.Context(lunas), lunas, words[1:]
        while isinstance(command, click.Group) and rest:
            found = command.get_command(context, rest[0])
            assert found is not None, line
            command, rest = found, rest[1:]
        options = {name for one in command.params if isinstance(one, click.Option) for name in one.opts}
        assert {word for word in rest if word.startswith("--")} <= options, line
