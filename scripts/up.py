"""`make up STACK=...`: the local Modal where the stack is bound to it, `pulumi up`, the URLs.

The local Modal costs nothing, so an update there is not asked about. Elsewhere Pulumi asks.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from scripts import engine_command, workspace
from scripts.progress import SetupError, say

_EXAMPLE: Final = "embeddings"
_REQUEST: Final = (
    """curl -s "$URL/similarity" -H 'content-type: application/json' -d '{"sentences": """
    """["a cat sits on the mat", "a kitten rests on a rug", "the stock market fell"]}'"""
)


def main(arguments: list[str]) -> int:
    """The exit status of `pulumi up`, or 1 when it could not be run."""
    stack = " ".join(arguments)
    try:
        consent = workspace.prepare(stack)
        status = engine_command.show("up", "--stack", stack, "--suppress-outputs", *consent)
        if status == 0:
            _tell(stack, engine_command.ask_json("stack", "output", "--stack", stack))
    except SetupError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _tell(stack: str, outputs: dict[str, Any]) -> None:
    """Where the services are, and something to try."""
    services: dict[str, dict[str, Any]] = outputs.get("services") or {}
    width = max(map(len, services), default=0)
    print(f"\nStack {stack}:")
    for name, service in services.items():
        print(f"  {name:<{width}}  {service.get('url') or '(no web endpoint)'}")
    if url := services.get(_EXAMPLE, {}).get("url"):
        print(f"\nTry it:\n\n  URL={url}\n  {_REQUEST}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
