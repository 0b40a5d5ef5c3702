"""Clients that public generators make from the OpenAPI document: every block of docs/clients.md is run as it stands there.

The instance is what `make run` starts, fake providers included, with services and ports of its own.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.services.instance import find_instance
from runtime.settings import Settings
from runtime.settings.model import variable_name
from tests.clients.programs import npm_ci, run
from tests.waiting import until

ROOT = Path(__file__).parents[2]
TYPESCRIPT = Path(__file__).parent / "typescript"
START_SECONDS = 120.0
STOP_SECONDS = 30.0
PAGE = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
EXPECTED = """\
registered {customer}
asked for 50000 pending
has 500000
spent 1200 left 498800
refused insufficient_balance 409
"""


def blocks(chapter: str) -> list[str]:
    """The chapter's blocks of code, without those that only set variables."""
    text = PAGE.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


async def check_clients() -> None:
    """Generates, type-checks and runs both."""
    with tempfile.TemporaryDirectory(prefix="lunas-clients-") as folder:
        async with instance(Path(folder)) as environment:
            await _python(Path(folder), environment)
            await _typescript(environment)


async def _python(folder: Path, environment: dict[str, str]) -> None:
    print("openapi-python-client: generated, checked by mypy, run", flush=True)
    generate, program = blocks("Python")
    await _shell(generate, folder, environment)
    (folder / "first_steps.py").write_text(program, encoding="utf-8")
    await run(
        "mypy",
        "--strict",
        "--follow-imports",
        "silent",
        "--cache-dir",
        str(folder / "cache"),
        "first_steps.py",
        folder=folder,
    )
    _expect(await run("python", "first_steps.py", folder=folder, **environment), "wati")


async def _typescript(environment: dict[str, str]) -> None:
    print("openapi-typescript: generated, checked by tsc, run", flush=True)
    generate, program = blocks("TypeScript")
    await npm_ci(TYPESCRIPT)
    folder = TYPESCRIPT / "generated"
    folder.mkdir(exist_ok=True)
    (folder / "first-steps.ts").write_text(program, encoding="utf-8")
    await _shell(generate, folder, environment)
    await run("npx", "tsc", folder=TYPESCRIPT)
    _expect(await run("node", "generated/first-steps.ts", folder=TYPESCRIPT, **environment), "dewi")


async def _shell(script: str, folder: Path, environment: dict[str, str]) -> None:
    await run(
        "python",
        "-c",
        "import os, sys; os.execvp('sh', ['sh', '-euc', sys.argv[1]])",
        script,
        folder=folder,
        **environment,
    )


def _expect(printed: str, customer: str) -> None:
    if printed != EXPECTED.format(customer=customer):
        sys.exit(f"expected:\n{EXPECTED.format(customer=customer)}")


@asynccontextmanager
async def instance(home: Path) -> AsyncIterator[dict[str, str]]:
    """`lunas dev` with everything private; the variables that the page asks for. Raises SystemExit when it does not start."""
    ports = {variable_name(name): "0" for name in Settings.model_fields if name.endswith("_port")}
    ours = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), "LUNAS_ENV": "development"}
    ours |= {"LUNAS_DOTENV": os.devnull, "LUNAS_HOME": str(home / "lunas"), **ports}
    with (home / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "console.main",
            "dev",
            cwd=ROOT,
            env=ours,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        await until(lambda: process.returncode is not None or find_instance(ours), START_SECONDS)
        found = find_instance(ours)
        if found is None:
            sys.exit(f"lunas dev did not start:\n{(home / 'log').read_text(encoding='utf-8')}")
        yield {
            "API": found.addresses["api"],
            "FAKES": found.addresses["fakes"],
            "LUNAS_API_KEY": "dev-api-key",
        }
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
