"""Who did what to an app, and when: as far as Modal tells it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from modal_proto import api_pb2

from pulumi_modal.gateway.port import Ended, Version

_KINDS: Final = {
    api_pb2.DEPLOYMENT_TYPE_ROLLBACK: "rollback",
    api_pb2.DEPLOYMENT_TYPE_ROLLOVER: "rollover",
    api_pb2.DEPLOYMENT_TYPE_PROMOTION: "promotion",
    api_pb2.DEPLOYMENT_TYPE_STAGED: "staged",
}


def versions_of(histories: Iterable[Any]) -> tuple[Version, ...]:
    """The versions of an app, newest first, from the answer of AppDeploymentHistory."""
    found = [_version(one) for one in histories]
    return tuple(sorted(found, key=lambda one: one.number, reverse=True))


def ended_of(lifecycle: Any) -> Ended:
    """How an app ended."""
    return Ended(lifecycle.stopped_by, moment(lifecycle.stopped_at))


def moment(seconds: float) -> datetime | None:
    """A moment of the wire; 0 is none."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _version(one: Any) -> Version:
    kind = _KINDS.get(one.deployment_type, "deploy")
    if kind == "deploy" and one.rollback_version:  # servers that tell no type
        kind = "rollback"
    return Version(
        number=one.version,
        kind=kind,
        repeats=one.rollback_version,
        deployed_by=one.deployed_by,
        deployed_at=moment(one.deployed_at),
        commit=_commit(one.commit_info),
        client_version=one.client_version,
        tag=one.tag,
    )


def _commit(info: Any) -> str:
    short = info.commit_hash[:7]
    return f"{short} with changes" if short and info.dirty else short
