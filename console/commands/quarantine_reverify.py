"""`lunas quarantine reverify`: what was turned away because of a wrong secret of ours is admitted, once the secret is right."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from console.acts import Done, tell
from console.choices import Among
from console.exits import FINE, WrongUse
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, since, yes
from console.output import number, print_json, rupiah, talk
from console.replay import open_replay
from console.reverifying import Reverified, admit_genuine, look_again, record_admission
from console.safety import confirm
from console.store import open_store
from console.target import load_target
from providers import registry
from providers.known_secrets import KnownSecrets

COMMAND = "lunas quarantine reverify"


@click.command(cls=Command)
@click.argument("name", metavar="PROVIDER", type=Among(PROVIDERS))
@click.option(
    "--secret-file",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="File with a right secret, several separated by commas; may be given more than once. Without it, the secrets that are configured now.",
)
@since
@click.option("--dry-run", is_flag=True, help="Only say what would be admitted.")
@click.option("--reason", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def reverify(
    name: str,
    files: tuple[Path, ...],
    since: datetime | None,
    dry_run: bool,
    reason: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Verify the rejected requests of a provider again, and admit those that are genuine: each once, in the order they came.

    First it says how many are, and how much money they speak of. Cut off in between, the same command goes on where it stopped; run again, it
    finds nothing more to do. What was not kept whole cannot be admitted: have the provider send it again, or reconcile.
    """
    if not dry_run and not reason:
        raise WrongUse(text("reverify.needs_reason"))
    settings, provider = load_target(), registry.PROVIDERS[name]
    # Who brings a secret in a file says by that that it is right: it has no times.
    secrets = KnownSecrets(_read(files)) or KnownSecrets.of(settings, name)
    if not secrets:
        raise WrongUse(text("reverify.no_secret", provider=name))
    async with open_store(settings) as connection:
        looked = await look_again(connection, provider, secrets, since)
        if dry_run or not looked.genuine:
            _say(looked, as_json=as_json)
            return FINE
        talk(looked.words())
        question = text("reverify.question", count=number(looked.genuine), amount=rupiah(looked.amount))
        confirm(question, yes=yes)
        async with open_replay(settings) as replayer:
            act_id = await record_admission(connection, provider, looked, reason or "")
            done = await admit_genuine(connection, replayer, provider, secrets, since, act_id)
    words = text("reverify.done", count=number(done.genuine), provider=name)
    tell([Done(words, act_id, text("reverify.undo"))], as_json=as_json)
    return FINE


def _read(files: tuple[Path, ...]) -> tuple[str, ...]:
    """Secrets as the settings read them: separated by commas, blanks around them are not theirs."""
    each = [part.strip() for path in files for part in path.read_text(encoding="utf-8").split(",")]
    return tuple(secret for secret in each if secret)


def _say(looked: Reverified, *, as_json: bool) -> None:
    if as_json:
        print_json(looked.document())
        return
    talk(looked.words())
    talk(text("reverify.nothing") if not looked.genuine else text("reverify.dry", command=COMMAND))
