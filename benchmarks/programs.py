"""The Pulumi projects that benchmarks drive: this one with generated services, and a bare one."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.apps import service_names, write_services
from benchmarks.measurement import Finished, run_command
from benchmarks.place import ROOT, Place

DEADLINE_S = 900.0

TRIVIAL = '''"""The least that a dynamic resource can be."""

from typing import Any

from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class TrivialProvider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("trivial", props)


class Trivial(Resource):
    def __init__(self, name: str, number: int) -> None:
        super().__init__(TrivialProvider(), name, {"number": number})
'''
TRIVIAL_MAIN = """import pulumi

from trivial import Trivial

for number in range(pulumi.Config().require_int("count")):
    Trivial(f"trivial-{number}", number)
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A Pulumi project in a folder, driven by the command line as people drive it."""

    folder: Path
    place: Place

    def add_stack(self, stack: str, config: dict[str, Any]) -> None:
        """Make a stack with this configuration."""
        _write_yaml(self.folder / "stacks" / f"Pulumi.{stack}.yaml", {"config": config})
        self._pulumi("stack", "init", stack)

    def up(self, stack: str) -> Finished:
        """Apply, without the preview before it."""
        return self._pulumi("up", "--yes", "--skip-preview", "--stack", stack)

    def preview(self, stack: str) -> Finished:
        """Preview a stack that has nothing to change; fails when it has."""
        return self._pulumi("preview", "--expect-no-changes", "--stack", stack)

    def refresh(self, stack: str) -> Finished:
        """Read what is there, without the preview before it."""
        return self._pulumi("refresh", "--yes", "--skip-preview", "--stack", stack)

    def destroy(self, stack: str) -> Finished:
        """Take everything down, without the preview before it."""
        return self._pulumi("destroy", "--yes", "--skip-preview", "--stack", stack)

    def state_bytes(self, stack: str) -> int:
        """Size of the state file of a stack."""
        (file,) = self.folder.glob(f".state/.pulumi/stacks/*/{stack}.json")
        return file.stat().st_size

    def _pulumi(self, *arguments: str) -> Finished:
        command = self.place.pulumi(*arguments, "--non-interactive")
        return run_command(command, folder=self.folder, env=self.place.env, deadline_s=DEADLINE_S)


def services_project(place: Place, count: int) -> Project:
    """This project's own program over so many generated services."""
    folder = _new_folder(place, "services-project")
    shutil.copy(ROOT / "__main__.py", folder / "__main__.py")
    write_services(folder / "services", service_names(count), revision=0)
    settings = _read_yaml(ROOT / "Pulumi.yaml")
    settings["backend"] = {"url": "file://.state"}
    for kind in settings.get("plugins", {}).values():
        for plugin in kind:
            plugin["path"] = str(ROOT / plugin["path"])
    _write_yaml(folder / "Pulumi.yaml", settings)
    return Project(folder, place)


def services_config(count: int, environment: str, first: int = 0) -> dict[str, Any]:
    """A stack's configuration: so many services from the first on, as they are in code."""
    names = service_names(first + count)[first:]
    services = {name.replace("_", "-"): {"source": f"services/{name}.py"} for name in names}
    return {
        "inference:workspace": "local",
        "inference:environment": environment,
        "inference:services": services,
    }


def trivial_project(place: Place) -> Project:
    """A stack of resources that do nothing, on the dynamic provider that Pulumi ships."""
    folder = _new_folder(place, "trivial-project")
    (folder / "trivial.py").write_text(TRIVIAL, encoding="utf-8")
    (folder / "__main__.py").write_text(TRIVIAL_MAIN, encoding="utf-8")
    settings = {
        "name": "trivial",
        "runtime": "python",
        "stackConfigDir": "stacks",
        "backend": {"url": "file://.state"},
    }
    _write_yaml(folder / "Pulumi.yaml", settings)
    return Project(folder, place)


def _new_folder(place: Place, name: str) -> Path:
    folder = place.folder / name
    for part in ("stacks", ".state"):
        (folder / part).mkdir(parents=True)
    (folder / ".venv").symlink_to(sys.prefix)  # where a language host looks for Python
    return folder


def _read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def _write_yaml(path: Path, content: object) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
