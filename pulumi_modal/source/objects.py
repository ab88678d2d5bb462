"""The overrides that need the SDK's objects: environment variables, secrets, volumes, web.

The container checks that number and order of a function's secrets and volumes are those of the
code, so they can be exchanged one for one, never added or removed. Environment variables go in
through a layer of the image, where the container has nothing to check.
"""

# ruff: noqa: SLF001  # the settings of a function live in private parts of the SDK; see funnel.py

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from modal._image import _Image
from modal._partial_function import _find_partial_methods_for_user_cls, _PartialFunctionFlags
from modal.secret import _Secret
from modal.volume import _Volume

_LOCAL_FILES = "Image(local files)"


def with_env(image: _Image, env: Mapping[str, str]) -> _Image:
    """The image with environment variables, below local files that are mounted lazily on top."""
    if getattr(image, "_rep", "") == _LOCAL_FILES and image._deps is not None:
        parts: Any = image._deps()
        base, mount = parts
        upper: _Image = with_env(base, env)._add_mount_layer_or_copy(mount)
        return upper
    layered: _Image = image.env(dict(env))
    return layered


def inline_keys(secret: _Secret) -> frozenset[str]:
    """Keys of a secret whose values are in the code; none for a named one."""
    if secret._load_env_dict is None:
        return frozenset()
    return frozenset(secret._keys or secret._load_env_dict())


def secrets_with_env(secrets: Iterable[_Secret], env: Mapping[str, str]) -> list[_Secret]:
    """The same secrets, where inline ones take the stack's value: a secret hides the image's."""
    changed = []
    for secret in secrets:
        keys = inline_keys(secret) & env.keys()
        if keys and secret._load_env_dict is not None:
            merged: dict[str, str | None] = {
                **secret._load_env_dict(),
                **{key: env[key] for key in keys},
            }
            changed.append(_Secret.from_dict(merged))
        else:
            changed.append(secret)
    return changed


def renamed_secrets(
    secrets: Iterable[_Secret], renames: Mapping[str, str]
) -> tuple[list[_Secret], list[str]]:
    """Named secrets exchanged one for one; and a sentence for each name the code does not use."""
    present = list(secrets)
    names = [secret._name for secret in present if secret._name]
    refused = [_unknown("secrets", name, names) for name in renames if name not in names]
    return [_renamed_secret(secret, renames) for secret in present], refused


def _renamed_secret(secret: _Secret, renames: Mapping[str, str]) -> _Secret:
    if not secret._name or secret._name not in renames:
        return secret
    given = _arguments_of(secret._load)
    return _Secret.from_name(
        renames[secret._name],
        environment_name=secret._load_context_overrides._environment_name,
        required_keys=list(given.get("required_keys", [])),
    )


def renamed_volumes(
    volumes: Mapping[Any, Any], renames: Mapping[str, str]
) -> tuple[dict[Any, Any], list[str]]:
    """Volumes exchanged by mount path; and a sentence for each path that cannot be."""
    refused = []
    changed = dict(volumes)
    paths = {PurePosixPath(path).as_posix(): path for path in volumes}
    for path, name in renames.items():
        at = paths.get(PurePosixPath(path).as_posix())
        if at is None:
            refused.append(_unknown("volumes", path, paths))
        elif not isinstance(volumes[at], _Volume):
            refused.append(f"volumes: {path} is no volume in the code (a bucket?); remove it")
        else:
            changed[at] = _renamed_volume(volumes[at], name)
    return changed, refused


def _renamed_volume(volume: _Volume, name: str) -> _Volume:
    base = volume
    options = volume._mount_options
    given = _arguments_of(base._load)
    while "create_if_missing" not in given and isinstance(given.get("self"), _Volume):
        base = given["self"]
        given = _arguments_of(base._load)
    renamed = _Volume.from_name(
        name,
        environment_name=base._load_context_overrides._environment_name,
        create_if_missing=bool(given.get("create_if_missing")),
        version=given.get("version"),
    )
    if options is None:
        return renamed
    return renamed.with_mount_options(read_only=options.read_only, sub_path=options.sub_path)


def _arguments_of(load: Any) -> Mapping[str, Any]:
    """What a loader of the SDK closes over: the arguments of `from_name`."""
    return inspect.getclosurevars(load).nonlocals if inspect.isfunction(load) else {}


def _unknown(key: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    if not names:
        return f"{key}: the code has none, and adding one would break its container; remove {name}"
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the code has {', '.join(names)}"
    return f"{key}: the code does not use {name}, and adding one would break its container; {hint}"


def method_names(user_cls: type) -> tuple[str, ...]:
    """The methods of a class that can be called from outside."""
    flags = _PartialFunctionFlags.interface_flags()
    return tuple(_find_partial_methods_for_user_cls(user_cls, flags))
