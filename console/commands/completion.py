"""`lunas completion`: what a shell needs to complete commands and options, printed or put where the shell looks."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from console.choices import Among
from console.exits import FINE, WrongUse
from console.lazy import Command
from console.messages import text
from console.options import as_json
from console.output import print_data, print_json
from runtime.files import write_whole

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_LUNAS_COMPLETE"
"""What click looks for when it is asked to complete (https://click.palletsprojects.com/en/stable/shell-completion/)."""
BEGIN, END = "# >>> lunas completion >>>", "# <<< lunas completion <<<"
"""Around what is ours in a file of the person's own."""


@click.command(cls=Command)
@click.argument("shell", type=Among(SHELLS), required=False, metavar="[SHELL]")
@click.option(
    "--install", is_flag=True, help="Put it where the shell looks: for new shells of yours, until --remove."
)
@click.option("--remove", is_flag=True, help="Take away what --install put there.")
@as_json
@click.pass_context
def completion(context: click.Context, shell: str | None, install: bool, remove: bool, as_json: bool) -> int:
    """Print the completion script of a shell: bash, zsh or fish; yours when none is named.

    `lunas completion --install` puts it where your shell looks. Doing it again changes nothing.
    """  # fmt: skip
    if install and remove:
        raise WrongUse(text("completion.both"))
    chosen = shell or _own_shell()
    script = _script(context, chosen)
    if not (install or remove):
        print_data(script)
        return FINE
    files = _install(chosen, script) if install else _remove(chosen)
    if as_json:
        print_json({"shell": chosen, "changed": [str(path) for path in files]})
        return FINE
    for path in files:
        print_data(text("completion.written" if install else "completion.removed", path=path))
    if not files:
        print_data(text("completion.unchanged", shell=chosen))
    elif install:
        print_data(text("completion.begins", shell=chosen))
        print_data(text("completion.undo", shell=chosen))
    return FINE


def _own_shell() -> str:
    """Raises WrongUse when SHELL names none that we know."""
    name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise WrongUse(text("completion.which", shells=", ".join(SHELLS)))
    return name


def _script(context: click.Context, shell: str) -> str:
    kind = get_completion_class(shell)
    if kind is None:
        raise LookupError(shell)
    made = kind(context.find_root().command, {}, "lunas", VARIABLE)
    return made.source_template % made.source_vars()


def _places(shell: str) -> tuple[Path, Path | None]:
    """The file of the script, and the person's own file that reads it; fish looks for the first by itself."""
    home = Path.home()
    if shell == "fish":
        configured = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return configured / "fish" / "completions" / "lunas.fish", None
    kept = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    own = Path(os.environ.get("ZDOTDIR") or home) / ".zshrc" if shell == "zsh" else home / ".bashrc"
    return kept / "lunas" / f"completion.{shell}", own


def _install(shell: str, script: str) -> list[Path]:
    """The files that were changed."""
    ours, own = _places(shell)
    changed = [ours] if _wrote(ours, script + "\n") else []
    if own is not None:
        before = _read(own)
        begin = "autoload -Uz compinit && compinit\n" if shell == "zsh" else ""
        block = f'{BEGIN}\n{begin}[ -r "{ours}" ] && . "{ours}"\n{END}\n'
        gap = "" if not before or before.endswith("\n") else "\n"
        if _wrote(own, before if block in before else _without(before) + gap + block):
            changed.append(own)
    return changed


def _remove(shell: str) -> list[Path]:
    ours, own = _places(shell)
    changed = []
    if ours.exists():
        ours.unlink()
        changed.append(ours)
    if own is not None and BEGIN in (before := _read(own)) and _wrote(own, _without(before)):
        changed.append(own)
    return changed


def _without(words: str) -> str:
    """A person's file without what is ours in it."""
    before, begin, rest = words.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    return before + after if begin and end else words


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _wrote(path: Path, words: str) -> bool:
    """Whether it had to be written. A link stays one: what it leads to is written."""
    if _read(path) == words and path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    write_whole(path.resolve(), words.encode(), mode=mode)
    return True
