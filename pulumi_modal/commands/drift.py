"""`pulumi-modal drift`: where Modal differs from what a stack deployed last. Changes nothing."""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pulumi_modal.errors import ModalStackError

if TYPE_CHECKING:
    from pulumi_modal.commands.drift_look import Looked

DRIFTED: Final = 1
COULD_NOT_LOOK: Final = 2

_Stack = Annotated[
    str, typer.Option("--stack", "-s", help="The stack; the selected one when left out.")
]
_Folder = Annotated[
    Path, typer.Option("--cwd", "-C", help="The project's folder, or one below it.", exists=True)
]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def drift(*, stack: _Stack = "", folder: _Folder = Path(), as_json: _Json = False) -> None:
    """Tell where Modal differs from what a stack deployed last, by whom and when.

    It asks what `pulumi refresh` asks, but leaves the state, its lock and the selected stack alone;
    no passphrase is needed unless a Modal resource holds a secret.

    Exit status: 0 nothing differs; 1 something does; 2 it could not be looked at, or wrong usage.

    \b
    Examples:
      pulumi-modal drift -s prod
      pulumi-modal drift -s prod --json | jq '.drift[] | [.resource, .path, .by]'
      pulumi-modal drift -C /srv/inference -s prod || mail -s 'drift' ops@example.com
    """
    from pulumi_modal.commands.drift_look import look_at  # late: other commands start without it
    from pulumi_modal.commands.drift_state import project_folder, recorded
    from pulumi_modal.commands.drift_words import as_json as facts
    from pulumi_modal.commands.drift_words import print_words

    try:
        home = project_folder(folder.absolute())
        os.chdir(home)  # providers take this for the project's folder
        name, resources = recorded(stack, home)
    except ModalStackError as error:
        _say(f"error: {error}")
        raise typer.Exit(COULD_NOT_LOOK) from None
    looked = look_at(resources)
    if as_json:
        print(json.dumps(facts(name, looked), indent=2, ensure_ascii=False))  # noqa: T201 - the result
    else:
        print_words(name, looked)
    raise typer.Exit(_verdict(name, looked))


def _verdict(stack: str, looked: Sequence[Looked]) -> int:
    """The exit status, with what to do about it on stderr."""
    failed: dict[str, list[str]] = defaultdict(list)
    for each in looked:
        if each.failure:
            failed[each.failure].append(f"{each.resource.noun} {each.resource.name}")
    for reason, names in failed.items():
        _say(f"error: {', '.join(names)}: {reason}")
    if failed:
        return COULD_NOT_LOOK
    if not any(each.differences for each in looked):
        return 0
    _say(
        f"`pulumi up --refresh --stack {stack}` sets it right; `pulumi refresh --stack {stack}`"
        " takes it over into the state"
    )
    return DRIFTED


def _say(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201 - talk
