"""Everything that answers RPCs, over the rooms it speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from modal_local.images.builder import ImageBuilder
from modal_local.rpc.app import AppRpc
from modal_local.rpc.autoscaler import AutoscalerRpc
from modal_local.rpc.blob import BlobRpc, BlobUrls
from modal_local.rpc.call import CallRpc
from modal_local.rpc.cls import ClsRpc
from modal_local.rpc.container import ContainerRpc
from modal_local.rpc.deployment import DeploymentRpc
from modal_local.rpc.dict import DictRpc
from modal_local.rpc.environment import EnvironmentRpc
from modal_local.rpc.environment_role import EnvironmentRoleRpc
from modal_local.rpc.function import FunctionRpc
from modal_local.rpc.image import ImageRpc
from modal_local.rpc.log import LogRpc
from modal_local.rpc.mount import MountRpc
from modal_local.rpc.presence import Presence
from modal_local.rpc.proxy_token import ProxyTokenRpc
from modal_local.rpc.publishing import Publisher
from modal_local.rpc.queue import QueueRpc
from modal_local.rpc.secret import SecretRpc
from modal_local.rpc.service_user import ServiceUserRpc
from modal_local.rpc.volume import VolumeRpc
from modal_local.rpc.volume_file import TransferUrls, VolumeFileRpc
from modal_local.rpc.workspace import WorkspaceRpc
from modal_local.settings import Access
from modal_local.store.catalog import StoredCatalog
from modal_local.store.store import Store
from modal_local.supervisor.execution import LocalExecution

NOUNS: tuple[type, ...] = (
    AppRpc,
    AutoscalerRpc,
    BlobRpc,
    CallRpc,
    ClsRpc,
    ContainerRpc,
    DeploymentRpc,
    DictRpc,
    EnvironmentRoleRpc,
    EnvironmentRpc,
    FunctionRpc,
    ImageRpc,
    LogRpc,
    MountRpc,
    ProxyTokenRpc,
    QueueRpc,
    SecretRpc,
    ServiceUserRpc,
    VolumeFileRpc,
    VolumeRpc,
    WorkspaceRpc,
)
"""The classes whose methods are RPCs."""


class Urls(BlobUrls, TransferUrls, Protocol):
    """Signed addresses of the HTTP door."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What RPCs are translated for."""

    store: Store
    catalog: StoredCatalog
    execution: LocalExecution
    images: ImageBuilder
    publisher: Publisher
    presence: Presence
    urls: Urls
    access: Access


def nouns(rooms: Rooms) -> list[object]:
    """One object for each of NOUNS."""
    store, publisher, execution = rooms.store, rooms.publisher, rooms.execution
    return [
        AppRpc(store, publisher, execution, rooms.presence),
        AutoscalerRpc(store, rooms.catalog, execution),
        BlobRpc(store.blobs, rooms.urls),
        CallRpc(execution),
        ClsRpc(store, publisher),
        ContainerRpc(
            execution, store.logs, lambda facts: store.apps.find(facts.app_id).environment
        ),
        DeploymentRpc(store, publisher, rooms.access.server_url),
        DictRpc(store),
        EnvironmentRoleRpc(store),
        EnvironmentRpc(store, publisher),
        FunctionRpc(store, publisher),
        ImageRpc(rooms.images),
        LogRpc(store),
        MountRpc(store),
        ProxyTokenRpc(store),
        QueueRpc(store),
        SecretRpc(store),
        ServiceUserRpc(store),
        VolumeFileRpc(store, rooms.urls),
        VolumeRpc(store),
        WorkspaceRpc(store, rooms.access),
    ]
