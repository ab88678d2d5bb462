"""Local modules that a function imports and no deploy uploads: its container would crash."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pulumi_modal.planning.images import chain
from pulumi_modal.planning.recorder import Recorder
from pulumi_modal.source.trace import is_project_file


def missing_modules(message: Any, recorder: Recorder, root: Path) -> list[str]:
    """Project files that the function's module reaches and its container will not have."""
    module = sys.modules.get(message.module_name) if message.module_name else None
    if module is None:
        return []
    remote = _remote_files(message, recorder)
    missing = []
    for name, file in _reached(module, root):
        if not any(_is_at(path, name, file) for path in remote):
            missing.append(file.relative_to(root).as_posix())
    return sorted(missing)


def _is_at(remote: str, name: str, file: Path) -> bool:
    tail = name.replace(".", "/")
    tail += "/__init__.py" if file.name == "__init__.py" else ".py"
    return remote == tail or remote.endswith(f"/{tail}")


def _remote_files(message: Any, recorder: Recorder) -> set[str]:
    mounts = list(message.mount_ids)
    mounts += [image.context_mount_id for image in chain(message.image_id, recorder.images)]
    return {
        file.filename
        for mount in mounts
        if mount in recorder.mounts
        for file in recorder.mounts[mount].files
    }


def _reached(start: ModuleType, root: Path) -> Iterator[tuple[str, Path]]:
    """Local modules that are imported at the top level, from `start` on."""
    pending = [start]
    done: set[str] = set()
    while pending:
        module = pending.pop()
        file = getattr(module, "__file__", None)
        if module.__name__ in done or not file or not is_project_file(file, root):
            continue
        done.add(module.__name__)
        yield module.__name__, Path(file)
        pending += [sys.modules[name] for name in _imported(module) if name in sys.modules]


@functools.cache  # several functions of an app share a module
def _imported(module: ModuleType) -> list[str]:
    try:
        tree = ast.parse(Path(str(module.__file__)).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    package = getattr(module, "__package__", "") or ""
    return [name for node in _top_level(tree.body) for name in _names(node, package)]


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import: not in functions, not under TYPE_CHECKING, not guarded."""
    for node in body:
        yield node
        if isinstance(node, ast.With):
            yield from _top_level(node.body)
        elif isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.dump(node.test) and "__main__" not in ast.dump(node.test):
                yield from _top_level(node.body)
            yield from _top_level(node.orelse)


def _names(node: ast.stmt, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [name for alias in node.names for name in _parents(alias.name)]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, base] if base else above)
    return [*_parents(base), *(f"{base}.{alias.name}" for alias in node.names)]


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def warnings_of(messages: Mapping[str, Any], recorder: Recorder, root: Path) -> list[str]:
    """One sentence for each file that is missing, naming the functions it breaks."""
    users: dict[str, list[str]] = {}
    for name, message in messages.items():
        for file in missing_modules(message, recorder, root):
            users.setdefault(file, []).append(name)
    return [
        f"{file} is imported by {', '.join(names)} but not uploaded, so its container would fail;"
        f" add it to the image: `image.add_local_python_source({_module(file)!r})`"
        for file, names in sorted(users.items())
    ]


def _module(file: str) -> str:
    path = Path(file)
    return path.parent.name if path.name == "__init__.py" else path.stem
