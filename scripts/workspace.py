"""The workspace that a stack is bound to; the local Modal is started when it is that."""

from __future__ import annotations

import subprocess

from scripts import engine_command, stacks
from scripts.places import PYTHON, ROOT
from scripts.progress import SetupError

_LOCAL = "local"
_KEY = "inference:workspace"


def prepare(stack: str) -> list[str]:
    """Have the workspace answer; what to tell Pulumi about asking first."""
    if stack not in stacks.declared():
        raise SetupError(
            f"there is no stack {stack}: STACK is one of {', '.join(stacks.declared())}"
        )
    config = engine_command.ask_json("config", "--stack", stack)
    if config.get(_KEY, {}).get("value", _LOCAL) != _LOCAL:
        return []
    command = [str(PYTHON), "-m", "modal_local", "start"]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise SetupError("the local Modal did not start: see .local-modal/server.log")
    return ["--yes"]
