"""Whoever pastes the blocks of our pages into a shell, one after the other, beside a running instance, sees them work."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from console import exits
from tests.page_blocks import PageBlock, every_block
from tests.system.pipeline import WITH_FAKES, Pipeline

ELSEWHERE = {
    "docs/clients.md": "make test-clients",
    "docs/fakes.md": "tests/contract/fakes/test_page_of_the_fakes.py",
    "docs/integrate.md": "a test of its own",
    "README.id.md": "tests/system/test_examples_of_the_page.py",
}
"""Pages whose blocks others execute."""

pytestmark = pytest.mark.heavy


def executed() -> list[PageBlock]:
    return [one for one in every_block() if one.info == "sh" and one.page not in ELSEWHERE]


def on_our_ports(text: str, shop: Pipeline) -> str:
    for port, ours in (("8080", shop.ingress), ("8081", shop.api), ("8083", shop.fakes)):
        text = text.replace(f"http://127.0.0.1:{port}", ours)
    # A busy machine may need more than the second that a page takes.
    balance = '/v1/customers/$1/balance -H "Authorization: Bearer dev-api-key"'
    waits = f"see() {{ until curl -sS {shop.api}{balance} | grep -q 500000; do :; done; }}\n"
    customer = "wati" if "wati" in text else "budi"
    return waits + text.replace("sleep 1;", f"see {customer};")


async def test_every_block_that_can_be_pasted_works(
    database_url: str, broker_url: str, tmp_path: Path
) -> None:
    """A `lunas` command may find something (1), and refuses (3) what asks first when nobody is there to answer. Wrong use is wrong."""
    blocks = executed()
    assert len(blocks) >= 8
    async with Pipeline(database_url, broker_url, tmp_path, WITH_FAKES) as shop:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")},
            **shop.doors,
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "LUNAS_ENV": "development",
            "LUNAS_DOTENV": os.devnull,
            "LUNAS_HOME": str(tmp_path),
            "LUNAS_DATABASE_URL": database_url,
            "LUNAS_BROKER_URL": broker_url,
        }
        failed: list[tuple[str, str]] = []
        for block in blocks:
            fine = f"{exits.FINE}|{exits.PROBLEMS}|{exits.REFUSED}"
            ours = (
                f'lunas() {{ command lunas "$@" </dev/null || case $? in {fine}) ;; *) return $?;; esac; }}\n'
            )
            script = ours + on_our_ports(block.text, shop).replace("curl ", "curl --fail-with-body ")
            process = await asyncio.create_subprocess_exec(
                "sh", "-euc", script, env=environment, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            out, _ = await process.communicate()
            if process.returncode:
                failed.append((f"{block.page}:{block.line}", out.decode()[-500:]))
        assert failed == []
