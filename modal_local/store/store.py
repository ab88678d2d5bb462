"""The whole store: every noun over one database and one folder."""

from __future__ import annotations

from typing import Self

from modal_local.settings import DEFAULT_ENVIRONMENT, IMAGE_BUILDER_VERSION, Home
from modal_local.store.apps import Apps
from modal_local.store.blobs import Blobs
from modal_local.store.collections import DICT, QUEUE, Collections
from modal_local.store.database import Database
from modal_local.store.deployments import Deployments
from modal_local.store.dict_entries import DictEntries
from modal_local.store.environments import Environments
from modal_local.store.functions import Functions
from modal_local.store.logs import Logs
from modal_local.store.mounts import Mounts
from modal_local.store.proxy_tokens import ProxyTokens
from modal_local.store.queue_items import QueueItems
from modal_local.store.roles import Roles
from modal_local.store.secrets import Secrets
from modal_local.store.service_users import ServiceUsers
from modal_local.store.volumes import Volumes
from modal_local.store.web_urls import WebUrls


class Store:
    """State of one local Modal, open while it is entered."""

    def __init__(self, home: Home) -> None:
        self.database = Database(home.database)
        self.environments = Environments(self.database)
        self.apps = Apps(self.database)
        self.functions = Functions(self.database)
        self.deployments = Deployments(self.database, self.apps, self.functions)
        self.secrets = Secrets(self.database)
        self.volumes = Volumes(self.database, home.volumes)
        self.dicts = Collections(self.database, DICT)
        self.dict_entries = DictEntries(self.database)
        self.queues = Collections(self.database, QUEUE)
        self.queue_items = QueueItems(self.database)
        self.blobs = Blobs(home.blobs)
        self.mounts = Mounts(self.database, self.blobs)
        self.web_urls = WebUrls(self.database)
        self.service_users = ServiceUsers(self.database)
        self.roles = Roles(self.database)
        self.proxy_tokens = ProxyTokens(self.database)
        self.logs = Logs(self.database)

    def __enter__(self) -> Self:
        self.database.__enter__()
        self.environments.make_default(DEFAULT_ENVIRONMENT, IMAGE_BUILDER_VERSION)
        self.apps.end_stops()
        self.blobs.drop_old()
        self.volumes.drop_orphans()
        self.dicts.drop_silent()
        self.queues.drop_silent()
        return self

    def __exit__(self, *failure: object) -> None:
        self.logs.flush()
        self.database.__exit__(*failure)
