"""`make down STACK=...`: takes down what a stack deployed; the stack itself and its file stay."""

from __future__ import annotations

import sys

from scripts import engine_command, workspace
from scripts.progress import SetupError, say


def main(arguments: list[str]) -> int:
    """The exit status of `pulumi destroy`, or 1 when it could not be run."""
    stack = " ".join(arguments)
    try:
        consent = workspace.prepare(stack)
        status = engine_command.show("destroy", "--stack", stack, "--suppress-outputs", *consent)
    except SetupError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    if status == 0 and consent:
        say("The local Modal still runs: `make local-stop` stops it.")
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
