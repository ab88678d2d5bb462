"""Every class of `modal.exception` has a meaning for the provider, or a reason to have none.

A new SDK with a new exception fails here until somebody has thought about it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import pytest
from modal import exception

from pulumi_modal import errors
from pulumi_modal.gateway.translation import CURES, KINDS

BY_PARENT: Mapping[str, str] = {
    "ConflictError": "InvalidError",
    "ImageBuildError": "RemoteError",
    "ExecTimeoutError": "TimeoutError",
    "FunctionTimeoutError": "TimeoutError",
    "InteractiveTimeoutError": "TimeoutError",
    "MountUploadTimeoutError": "TimeoutError",
    "OutputExpiredError": "TimeoutError",
    "SandboxTimeoutError": "TimeoutError",
    "VolumeUploadTimeoutError": "TimeoutError",
}
"""Not in the table, because its parent says the same."""

_SANDBOX = "the provider runs no sandboxes"
OUT_OF_REACH: Mapping[str, str] = {
    "Error": "the parent of all; never raised itself",
    "_GRPCErrorWrapper": "a parent for the time of a migration; never raised itself",
    "UserCodeException": "wraps what a called function raises; the provider calls none",
    "ServerWarning": "a warning",
    "AsyncUsageWarning": "a warning",
    "InternalAPIWarning": "a warning",
    "_CliUserExecutionError": "of importing a file: source/load.py takes its cause",
    "InputCancellation": "raised inside containers",
    "SandboxTerminatedError": _SANDBOX,
    "SnapshotCreationError": "the provider makes no snapshots",
    "SandboxFilesystemError": _SANDBOX,
    "SandboxFilesystemNotFoundError": _SANDBOX,
    "SandboxFilesystemDirectoryNotEmptyError": _SANDBOX,
    "SandboxFilesystemIsADirectoryError": _SANDBOX,
    "SandboxFilesystemNotADirectoryError": _SANDBOX,
    "SandboxFilesystemPermissionError": _SANDBOX,
    "SandboxFilesystemFileTooLargeError": _SANDBOX,
    "SandboxFilesystemPathAlreadyExistsError": _SANDBOX,
}
CLASSES: Mapping[str, type[BaseException]] = {
    name: one
    for name, one in vars(exception).items()
    if inspect.isclass(one) and issubclass(one, BaseException)
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_exception_of_the_sdk_has_exactly_one_meaning(name: str) -> None:
    meanings = [CLASSES[name] in KINDS, name in BY_PARENT, name in OUT_OF_REACH]
    assert meanings.count(True) == 1


@pytest.mark.parametrize(("name", "parent"), BY_PARENT.items())
def test_what_a_parent_means_reaches_its_children(name: str, parent: str) -> None:
    assert next(one for one in CLASSES[name].__mro__ if one in KINDS) is CLASSES[parent]


def test_nothing_is_listed_that_the_sdk_does_not_have() -> None:
    assert set(BY_PARENT) | set(OUT_OF_REACH) <= set(CLASSES)
    own = {one for one in KINDS if one.__module__ == exception.__name__}
    assert own <= set(CLASSES.values())


def test_every_error_of_ours_is_in_the_tree_that_is_drawn() -> None:
    defined = {name for name, one in vars(errors).items() if inspect.isclass(one)}
    drawn = {word for word in (errors.__doc__ or "").split() if word in defined}
    assert drawn == defined
    assert set(KINDS.values()) | set(CURES) <= {vars(errors)[name] for name in defined}
