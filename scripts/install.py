"""`make setup`: everything that this project needs, in its own folder; seconds when all is there.

Run by scripts/setup, with any Python that is new enough.
"""

from __future__ import annotations

import sys

from scripts import engine, environment, stacks
from scripts.progress import SetupError, say


def main(arguments: list[str]) -> int:
    """Exit status 0 when all is there, 1 when something is missing and could not be had."""
    with_stacks = "--no-stacks" not in arguments
    try:
        environment.install()
        engine.install()
        if with_stacks:
            stacks.create()
    except SetupError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted: run it again, it goes on where it was")
        return 130
    if with_stacks:
        say("Ready. `make up`, or: . .venv/bin/activate && pulumi preview -s dev")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
