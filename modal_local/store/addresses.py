"""The URLs in what is stored of functions, when the web suffix of their environment changes.

Definitions, handles and layouts were kept with the URLs of their time. They are rewritten where
they lie, digests included: the next deploy of the same code is still one without changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message
from modal_proto import api_pb2

from modal_local.store.database import Database
from modal_local.store.functions import definition_digest


def move_urls(database: Database, environment_id: str, moved: Mapping[str, str]) -> None:
    """Replace old URLs by new ones in everything stored of an environment's apps."""
    if not moved:
        return
    with database.transaction():
        _move_functions(database, environment_id, moved)
        _move_definitions(database, environment_id, moved)
        _move_layouts(database, environment_id, moved)


def _move_functions(database: Database, environment_id: str, moved: Mapping[str, str]) -> None:
    for row in database.rows(
        "SELECT function_id, metadata FROM functions JOIN apps USING (app_id)"
        " WHERE environment_id = ?",
        environment_id,
    ):
        metadata = api_pb2.FunctionHandleMetadata.FromString(row["metadata"])
        if replace_urls(metadata, moved):
            database.run(
                "UPDATE functions SET metadata = ? WHERE function_id = ?",
                metadata.SerializeToString(),
                row["function_id"],
            )


def _move_definitions(database: Database, environment_id: str, moved: Mapping[str, str]) -> None:
    for row in database.rows(
        "SELECT definitions.* FROM definitions JOIN functions USING (function_id)"
        " JOIN apps USING (app_id) WHERE environment_id = ?",
        environment_id,
    ):
        data = api_pb2.FunctionData.FromString(row["data"])
        metadata = api_pb2.FunctionHandleMetadata.FromString(row["metadata"])
        changes = [replace_urls(message, moved) for message in (data, metadata)]
        if not any(changes):
            continue
        kept = metadata.SerializeToString(deterministic=True)
        metadata.ClearField("definition_id")
        database.run(
            "UPDATE definitions SET data = ?, metadata = ?, digest = ? WHERE definition_id = ?",
            data.SerializeToString(),
            kept,
            definition_digest(data, metadata),
            row["definition_id"],
        )


def _move_layouts(database: Database, environment_id: str, moved: Mapping[str, str]) -> None:
    for row in database.rows(
        "SELECT deployments.app_id, deployments.version, layout FROM deployments"
        " JOIN apps USING (app_id) WHERE environment_id = ?",
        environment_id,
    ):
        layout = api_pb2.AppLayout.FromString(row["layout"])
        if replace_urls(layout, moved):
            database.run(
                "UPDATE deployments SET layout = ? WHERE app_id = ? AND version = ?",
                layout.SerializeToString(),
                row["app_id"],
                row["version"],
            )


def replace_urls(message: Message, moved: Mapping[str, str]) -> bool:
    """Replace every text of a message that is exactly an old URL; whether there was one."""
    found = False
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in _messages(value):
                found = replace_urls(part, moved) or found
        elif isinstance(value, str):
            if value in moved:
                setattr(message, field.name, moved[value])
                found = True
        elif field.is_repeated and any(one in moved for one in value):
            value[:] = [moved.get(one, one) for one in value]
            found = True
    return found


def _messages(value: Any) -> list[Message]:
    """The messages in a field: one, a list, or the values of a map."""
    if isinstance(value, Message):
        return [value]
    parts = value.values() if hasattr(value, "values") else value
    return [part for part in parts if isinstance(part, Message)]
