"""The stacks of this project, as the files in stacks/ name them, in the backend in force."""

from __future__ import annotations

import re
from typing import Final

from scripts import engine_command
from scripts.places import STACKS
from scripts.progress import SetupError, say

SELECTED: Final = "dev"
_FILE: Final = re.compile(r"^Pulumi\.(.+)\.yaml$")


def declared() -> list[str]:
    """Names of the stacks that have a file."""
    matches = (_FILE.match(path.name) for path in STACKS.iterdir())
    return sorted(match[1] for match in matches if match)


def create() -> None:
    """Create those that are missing; one stack is selected, and a selection is never changed."""
    try:
        listed = engine_command.ask_json("stack", "ls")
    except SetupError as error:
        raise SetupError(f"the stacks cannot be listed: {error}") from error
    present = {stack["name"].rpartition("/")[2] for stack in listed}
    for name in declared():
        if name not in present:
            engine_command.ask("stack", "init", name, "--no-select")
            say(f"Stack {name} is created.")
    if not any(stack.get("current") for stack in listed):
        engine_command.ask("stack", "select", SELECTED)
