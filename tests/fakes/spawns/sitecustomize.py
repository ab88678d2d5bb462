"""First on PYTHONPATH: makes a Python process tell, in a file, of every process that it starts."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_PROGRAM, _ARGUMENTS = 0, 1
_ENVIRONMENT = {"subprocess.Popen": 3, "os.exec": 2, "os.posix_spawn": 2, "os.spawn": 3}


def _tell(event: str, given: tuple[Any, ...]) -> None:
    if event not in _ENVIRONMENT:
        return
    arguments = given[2] if event == "os.spawn" else given[_ARGUMENTS]
    environment = given[_ENVIRONMENT[event]]
    told = {
        "program": os.fsdecode(given[1] if event == "os.spawn" else given[_PROGRAM]),
        "arguments": repr(arguments),
        "environment": json.dumps(_text(os.environ if environment is None else environment)),
    }
    line = f"{json.dumps(told)}\n".encode()
    descriptor = os.open(os.environ["SPAWN_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line)  # at once: many processes write here
    finally:
        os.close(descriptor)


def _text(environment: Any) -> str:
    return "\n".join(f"{_str(name)}={_str(value)}" for name, value in dict(environment).items())


def _str(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes)) else repr(value)


if "SPAWN_LOG" in os.environ:
    sys.addaudithook(_tell)
