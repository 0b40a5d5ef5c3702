"""The `lunas` command: the list of verbs, and the one place where errors become a sentence and an exit code.

Commands live in `console/commands/` and are imported when called, so that `lunas --help` imports nothing heavy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from console import exits, language
from console.choices import Among
from console.click_words import translated
from console.help_pages import NoHelpAsked, asks_for_help, page_of
from console.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("console.commands.run:run", "Start one process, or all of them in one."),
    "dev": ("console.commands.dev:dev", "Start everything on this machine, private services included, until Ctrl-C."),
    "demo": ("console.commands.demo:demo", "Play a day of payments through a private instance and check the result."),
    "migrate": ("console.commands.migrate:migrate", "Bring the database schema up to date."),
    "status": ("console.commands.status:status", "Health and money at risk on one screen."),
    "top": ("console.commands.top:top", "Everything at a glance and live, in place."),
    "doctor": ("console.commands.doctor:doctor", "What is wrong, why, and how to fix it."),
    "find": ("console.commands.find:find", "Find a payment, delivery, customer or order by anything you have."),
    "payments": ("console.commands.payments:payments", "The timeline of one payment."),
    "webhooks": ("console.commands.webhooks:webhooks", "Every delivery ever received: list, show, exact bytes, replay."),
    "dlq": ("console.commands.dlq:dlq", "Dead letters: list, group, look, replay, discard."),
    "explain": ("console.commands.explain:explain", "Why a balance, an access or a tier is what it is, down to the bytes."),
    "audit": ("console.commands.audit:audit", "Who did what, when, why, and how to undo it."),
    "log": ("console.commands.log:log", "The parts that the log is kept in: list, archive with proof."),
    "problems": ("console.commands.problems:problems", "What is wrong, by cause: money, customers, age, state, next step."),
    "correct": ("console.commands.correct:correct_command", "Read a payment otherwise than its provider said."),
    "approve": ("console.commands.correct:approve_command", "Let what somebody else proposed count."),
    "revert": ("console.commands.correct:revert_command", "Take a correction back, or any act by its audit record."),
    "corrections": ("console.commands.correct:corrections", "What was corrected, with both versions."),
    "replay": ("console.commands.replay:replay", "Replays with a preview: plan, apply, progress, pause, cancel."),
    "backup": ("console.commands.backup:backup", "Backups of the database: could it be restored to now."),
    "quarantine": ("console.commands.quarantine:quarantine", "Rejected requests: list, show, exact bytes."),
    "ingress": ("console.commands.ingress:ingress", "The journal of accepted webhooks: state, check, send again."),
    "suspense": ("console.commands.suspense:suspense", "Money that waits for a reason: whose it may be, claim, refund, write off, undo."),
    "reconcile": ("console.commands.reconcile:reconcile", "Compare a provider's own lists with our record: run, show, statement."),
    "close": ("console.commands.close:close", "A day's books by provider, held against the ledger; seal it."),
    "manual": ("console.commands.manual:manual", "Orders paid outside any provider: list, confirm, reject."),
    "projections": ("console.commands.projections:projections", "Read models: state, rebuild, switch, verify."),
    "fulfilment": ("console.commands.fulfilment:fulfilment", "Cases and customers: compare with the log, build from it."),
    "credit": ("console.commands.credit:credit", "Credit of customers: who owes, who is frozen, compare with the log."),
    "scalev": ("console.commands.scalev:scalev", "The Scalev store behind the catalogue: ids after a new key or store."),
    "customers": ("console.commands.customers:customers", "Persons behind customers: export what is held, forget them, exchange their key."),
    "keys": ("console.commands.keys:keys", "Keys of applications: make, list, revoke."),
    "secrets": ("console.commands.secrets:secrets", "Webhook secrets by their ids: since when each verifies, who rotated them and why."),
    "operators": ("console.commands.operators:operators", "People who sign in to the web console: add, list, change, disable."),
    "endpoints": ("console.commands.endpoints:endpoints", "Webhooks to applications: make, list, rotate, test, disable."),
    "notifications": ("console.commands.notifications:notifications", "What was told to whom: list, send again."),
    "fake": ("console.commands.fake:fake", "Providers that answer without an account, and their clock."),
    "simulate": ("console.commands.simulate:simulate", "Send correctly signed webhooks, as a provider would."),
    "listen": ("console.commands.listen:listen", "The log as it grows; forwards to an application on your desk."),
    "trigger": ("console.commands.trigger:trigger", "Send one documented event of a provider, signed, with your own values."),
    "psql": ("console.commands.psql:psql", "Open the database in psql, as a reader."),
    "completion": ("console.commands.completion:completion", "Completion of commands and options in your shell: print, install."),
}  # fmt: skip


def _choose_language(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    language.choose(None if value is None else "id" if value == "id" else "en")


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"lunas {_version()}")
        ctx.exit()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lunas")
    except PackageNotFoundError:
        return "(from source, not installed)"


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--lang",
    type=Among(language.LANGUAGES),
    callback=_choose_language,
    is_eager=True,
    expose_value=False,
    help="Language of messages and help; otherwise LUNAS_LANG or the locale decides.",
)
@click.option(
    "--version",
    is_flag=True,
    callback=_show_version,
    is_eager=True,
    expose_value=False,
    help="Show the version and exit.",
)
def lunas() -> None:
    """Signed payment webhooks in; exact balances, subscriptions and enrollments out.

    Without being told, every command works on the instance that `make run` started in this checkout.
    Data goes to stdout, everything else to stderr. Add --json to a listing for one JSON document.

    Exit codes: 0 fine, 1 found problems, or a service does not answer (within 5 s), 2 wrong use, 3 refused for safety.
    """


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns the exit code. Never raises, never shows a traceback unless LUNAS_DEBUG is set."""
    translated()
    _listen(arguments)
    try:
        code = _called(arguments)
    except click.exceptions.Abort:
        return exits.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return exits.WRONG_USE
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain once more while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.FINE
    except Exception as error:  # noqa: BLE001 - the outermost frame: whatever it is, a person reads one sentence
        from console.failures import report

        return report(error)
    return code if isinstance(code, int) else exits.FINE


def _called(arguments: Sequence[str]) -> object:
    """A line that asks for help is answered from the pages of help; the command itself need not be imported."""
    if asks_for_help(arguments) and isinstance(lunas, LazyGroup):
        lunas.page_of = page_of
        try:
            return lunas.main(args=list(arguments), prog_name="lunas", standalone_mode=False)
        except NoHelpAsked:
            pass
        finally:
            lunas.page_of = None
    return lunas.main(args=list(arguments), prog_name="lunas", standalone_mode=False)


def _listen(arguments: Sequence[str]) -> None:
    """The language that is asked for counts for mistakes before and beside it too, which end the reading of the line."""
    line = " ".join(arguments).replace("--lang=", "--lang ").split(" ")
    wished = line[line.index("--lang") + 1 :][:1] if "--lang" in line else []
    language.choose("id" if wished == ["id"] else "en" if wished == ["en"] else None)


def main() -> NoReturn:
    """Entry point of the installed command."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
