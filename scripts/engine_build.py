"""Builds the pinned engine from the Go modules that engine/ names.

The Python host is the last one published as part of Pulumi's SDK (3.79). It does not read
`runtime.options.virtualenv`, so a script stands in front of it that reads it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.places import ENGINE, ROOT
from scripts.progress import SetupError, Step, duration, run_step, say

SCRIPT: Final = ENGINE / "language" / "pulumi-language-python"
PRELUDE: Final = ENGINE / "language" / "end_with_engine.py"
RUNNER: Final = "pulumi-language-python-exec"
FILES: Final = (
    "pulumi",
    "pulumi-language-python-go",
    RUNNER,
    "pulumi-resource-pulumi-python",
)
_VERSION_FLAG: Final = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_SDK: Final = "github.com/pulumi/pulumi/sdk/v3"


@dataclass(frozen=True, slots=True)
class _Tool:
    """One program, and the module that it comes from."""

    folder: Path
    package: str
    module: str

    @property
    def version(self) -> str:
        pinned = re.search(
            rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)",
            (self.folder / "go.mod").read_text(),
            re.MULTILINE,
        )
        if pinned is None:
            raise SetupError(f"{self.folder / 'go.mod'} does not pin {self.module}")
        return pinned[1]

    @property
    def flags(self) -> list[str]:
        """No symbols (a third smaller), the same bytes on every machine, and a version to tell."""
        return ["-trimpath", "-ldflags", f"-s -w -X {_VERSION_FLAG}={self.version}"]


_CLI: Final = _Tool(
    ENGINE / "cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "github.com/pulumi/pulumi/pkg/v3"
)
_HOST: Final = _Tool(ENGINE / "language", f"{_SDK}/python/cmd/pulumi-language-python", _SDK)


def version() -> str:
    """Of the engine, without the v."""
    return _CLI.version.removeprefix("v")


def ingredients() -> Iterator[bytes]:
    """All that decides what is built."""
    for folder in (_CLI.folder, _HOST.folder):
        yield (folder / "go.mod").read_bytes()
        yield (folder / "go.sum").read_bytes()
    yield repr((FILES, _CLI.flags, _HOST.flags)).encode()


def build(target: Path) -> None:
    """Build everything into a folder that appears whole or not at all."""
    go = shutil.which("go")
    if go is None:
        raise SetupError(
            "there is neither Pulumi nor Go on PATH: install Pulumi 3.216 or newer"
            " (pulumi.com/docs/install), or Go 1.25 or newer to build it here (go.dev/dl)"
        )
    say(
        f"No Pulumi is installed: building v{version()} with Go, once."
        " That takes 4 to 5 minutes on 2 cores."
    )
    started_at = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=target.parent) as name:
        draft = Path(name) / "engine"
        draft.mkdir()
        _compile(go, _CLI, draft / "pulumi")
        _compile(go, _HOST, draft / "pulumi-language-python-go")
        sdk = Path(_go(go, _CLI.folder, "list", "-m", "-f", "{{.Dir}}", _SDK).strip())
        _copy(sdk / "python" / "cmd" / "pulumi-language-python-exec", draft)
        _copy(sdk / "python" / "dist" / "pulumi-resource-pulumi-python", draft)
        shutil.rmtree(target, ignore_errors=True)
        draft.replace(target)
    say(f"The engine is built ({duration(time.monotonic() - started_at)}).")


def _compile(go: str, tool: _Tool, program: Path) -> None:
    """Compile one program, with a line every now and then."""
    run_step(
        Step(
            name=f"{program.name} {tool.version}",
            command=[go, "list", "-deps", tool.package],
            folder=tool.folder,
            environment=_environment(),
            is_step=lambda line: line.startswith("go: downloading "),
            unit="modules fetched",
        )
    )
    pattern = "{{if .Stale}}{{.ImportPath}}{{end}}"
    stale = _go(go, tool.folder, "list", *tool.flags, "-deps", "-f", pattern, tool.package).split()
    run_step(
        Step(
            name=f"{program.name} {tool.version}",
            command=[go, "build", "-v", *tool.flags, "-o", str(program), tool.package],
            folder=tool.folder,
            environment=_environment(),
            is_step=set(stale).__contains__,
            unit="packages compiled",
            total=len(stale),
        )
    )


def _go(go: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [go, *arguments],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetupError(f"go {arguments[0]} in {folder.relative_to(ROOT)} failed:\n{done.stderr}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Static binaries need neither a C compiler nor the libc of the machine that runs them."""
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _copy(source: Path, folder: Path) -> None:
    copied = folder / source.name
    shutil.copyfile(source, copied)
    copied.chmod(0o755)
