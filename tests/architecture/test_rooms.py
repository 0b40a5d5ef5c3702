"""The rooms keep to their walls: who imports whom, who may write the log, what a file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "schemas",
    "providers",
    "runtime",
    "eventstore",
    "ingress",
    "processor",
    "projections",
    "api",
    "notify",
    "deploy",
    "console",
)
LONGEST_FILE = 400
"""Lines. A longer file holds two nouns."""


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_follow_the_contracts() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-3000:]


def test_only_the_event_store_writes_events() -> None:
    pattern = re.compile(r'(insert\s+into\s+|copy_records_to_table\(\s*")(lunas\.)?events\b', re.IGNORECASE)
    files = [*sources(), *(path for room in ROOMS for path in (ROOT / room).rglob("*.sql"))]
    writers = {
        relative(path).split("/")[0] for path in files if pattern.search(path.read_text(encoding="utf-8"))
    }
    assert writers == {"eventstore"}


@pytest.mark.parametrize("module", ["ingress.app", "providers.registry"])
def test_c165_the_door_for_providers_knows_no_database(module: str) -> None:
    code = f"import sys, {module}; print('asyncpg' in sys.modules, 'eventstore' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]


def test_pure_rooms_import_no_input_or_output() -> None:
    forbidden = {
        "asyncio",
        "aiohttp",
        "aio_pika",
        "asyncpg",
        "socket",
        "requests",
        "structlog",
        "random",
        "time",
    }
    for path in (ROOT / "schemas").rglob("*.py"):
        assert not forbidden & imported(path), relative(path)


def test_policies_and_translators_read_no_clock_and_no_chance() -> None:
    pure = [*(ROOT / "providers").rglob("translate*.py"), *(ROOT / "schemas").rglob("*.py")]
    for room in ("cases", "policies", "grants"):
        pure += (ROOT / "processor" / room).rglob("*.py")
    assert len(pure) > 40
    for path in pure:
        assert not {"asyncio", "random", "time", "os", "asyncpg"} & imported(path), relative(path)
        assert "now(" not in path.read_text(encoding="utf-8"), relative(path)


def test_c34_what_is_due_is_told_by_the_database_and_not_by_a_host() -> None:
    """A worker whose clock jumps would run timers early, or never. Only the quarantine stamps what it cannot read with the host's time."""
    readers = ("datetime.now(", "time.time(", "utcnow(", "utc_now(", "date.today(")
    rooms = [
        path for room in ("processor", "projections", "eventstore") for path in (ROOT / room).rglob("*.py")
    ]
    found = {relative(path) for path in rooms if any(word in path.read_text() for word in readers)}
    assert found == {"processor/intake/quarantine.py"}


def test_no_file_holds_two_nouns() -> None:
    long = {
        relative(path): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        relative(path)
        for path in sources()
        if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_no_sql_is_put_together_from_strings() -> None:
    verbs = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|ALTER|CREATE|DROP|TRUNCATE|GRANT)\b")
    built = []
    ours = [
        path for path in sources() if relative(path) != "deploy/make_secrets.py"
    ]  # writes a file of statements
    for path in ours:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and node.values:
                first = node.values[0]
                if isinstance(first, ast.Constant) and verbs.match(str(first.value)):
                    built.append(f"{relative(path)}:{node.lineno}")
    assert built == []


def test_nothing_compares_secrets_with_equals() -> None:
    suspicious = re.compile(
        r"\b(secret|token|api_key|signature|credential|given)\w*\s*[!=]=|[!=]=\s*\w*(secret|api_key|signature)\b"
    )
    ignored = ("secret_id", "token_only", "tokens")
    for room in ("ingress", "providers", "projections", "api"):
        for path in (ROOT / room).rglob("*.py"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if suspicious.search(line) and not any(word in line for word in ignored):
                    pytest.fail(f"{relative(path)}:{number}: {line.strip()}")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_only_the_event_store_names_the_table_of_the_log() -> None:
    reads = re.compile(
        r"\b(from|join|into|update|table|on|only)\s+(lunas\.)?events\b|lunas\.events\b|\bevents_position_seq\b",
        re.IGNORECASE,
    )
    files = [*sources(), *(path for room in ROOMS for path in (ROOT / room).rglob("*.sql"))]
    assert len(files) > 200
    named = {relative(path) for path in files if reads.search(path.read_text(encoding="utf-8"))}
    assert {path for path in named if not path.startswith("eventstore/")} == set()


def put_together(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Texts with gaps: line, how it begins, and whether a gap comes right behind that."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr) and node.values:
            first = node.values[0]
            if isinstance(first, ast.Constant):
                yield node.lineno, str(first.value), len(node.values) > 1


def beginnings(path: str, mark: str) -> set[str]:
    """What the names that a file puts together begin with, up to `mark`."""
    return {
        begins.partition(mark)[0]
        for _, begins, _ in put_together(ROOT / path)
        if re.match(rf"\w+{mark}", begins)
    }


def test_only_one_file_puts_names_of_streams_together() -> None:
    home = "schemas/streams.py"
    categories = beginnings(home, "-") | {"customer", "catalog"}  # one begins with a constant, one has no gap
    assert {"payment", "case", "credit", "refund", "correction", "suspense"} <= categories
    begins = re.compile(rf"({'|'.join(sorted(categories))})-")
    references = {"providers/xendit/simulated_bodies.py", "providers/xendit/fake/ledger.py"}
    """Of refunds as a merchant writes them: what a provider calls `reference_id`."""
    built = [
        f"{relative(path)}:{line}"
        for path in sources()
        if relative(path) not in references
        for line, text, _ in put_together(path)
        if begins.match(text)
    ]
    assert [place for place in built if not place.startswith(home)] == []


def test_only_one_file_puts_together_what_cases_wait_for_and_what_their_parts_are_called() -> None:
    home = "processor/cases/keys.py"
    keys = beginnings(home, ":")
    assert {"email", "course", "plans", "attempt", "line"} <= keys
    begins = re.compile(rf"({'|'.join(sorted(keys))}):\Z")
    built = [
        f"{relative(path)}:{line}"
        for path in sources()
        for line, text, followed in put_together(path)
        if followed and begins.match(text)
    ]
    assert [place for place in built if not place.startswith(home)] == []


def test_below_aio_pika_reach_only_those_who_say_why() -> None:
    """The factory of sockets, errors that aio-pika does not pass on, and the channel of many publishes at once (ADR 0014, 0055)."""
    below = {relative(path) for path in sources() if "aiormq" in imported(path)}
    assert below == {f"runtime/amqp/{name}.py" for name in ("bulk", "look", "probe", "topology", "transport")}


def test_only_its_folder_and_the_settings_know_a_provider_by_name() -> None:
    """Lists of providers come from the registry. What stays: examples, the demonstration's cast, and files that are set up by hand."""
    names = {path.parent.name for path in (ROOT / "providers").glob("*/translate.py")}
    assert len(names) >= 4
    examples = {
        "schemas/vocabulary.py",  # `manual` is a method of payment there
        "schemas/examples.py",
        "schemas/checkout_examples.py",
        "schemas/licence_examples.py",
        "schemas/refund_examples.py",
        "schemas/suspense_examples.py",
        "api/reads/calls.py",
        "api/set_meanings.py",  # `manual` is a method of payment there
        "console/simulation.py",
        "console/welcome.py",
        "console/demo/script.py",
    }
    by_hand = {
        "runtime/settings/providers.py",
        "runtime/settings/model.py",
        "runtime/settings/not_yet.py",
        "schemas/catalog.py",
        "deploy/make_secrets.py",
        "api/checkout/clients.py",
        "console/main.py",  # `manual` is a command there
        "console/commands/scalev.py",  # and this one is named after it
        "console/resync.py",  # ids of its store in the catalogue
        "schemas/topology.py",  # the order of their queues, whose numbers stay as they are
    }
    naming = {
        relative(path)
        for path in sources()
        if not relative(path).startswith("providers/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert naming <= examples | by_hand, naming - examples - by_hand


def test_every_choice_of_a_command_tells_the_near_name() -> None:
    """`console.choices.Among` instead of click's own."""
    plain = {
        relative(path)
        for path in sources()
        if relative(path).startswith("console/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.Choice", "Choice")
    }
    assert plain == set()
