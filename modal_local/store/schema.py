"""The tables. What belongs to an environment or an app goes with it.

A state file that an older local Modal has written is brought up step by step: a step is never
edited once it has been released, only followed by another.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = """
CREATE TABLE environments (
    environment_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    web_suffix TEXT NOT NULL,
    image_builder_version TEXT NOT NULL,
    is_default INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL
);
CREATE TABLE apps (
    app_id TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    name TEXT,
    description TEXT NOT NULL,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '{}',
    created_at REAL NOT NULL,
    deployed_at REAL NOT NULL DEFAULT 0,
    stopped_at REAL NOT NULL DEFAULT 0,
    stopped_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX apps_by_environment ON apps (environment_id, name);
CREATE UNIQUE INDEX deployed_apps ON apps (environment_id, name)
    WHERE name IS NOT NULL AND state = 3;
CREATE TABLE functions (
    function_id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps ON DELETE CASCADE,
    metadata BLOB NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX functions_by_app ON functions (app_id);
CREATE TABLE definitions (
    definition_id TEXT PRIMARY KEY,
    function_id TEXT NOT NULL REFERENCES functions ON DELETE CASCADE,
    digest TEXT NOT NULL,
    data BLOB NOT NULL,
    metadata BLOB NOT NULL,
    UNIQUE (function_id, digest)
);
CREATE TABLE bound_functions (
    bound_id TEXT PRIMARY KEY,
    function_id TEXT NOT NULL REFERENCES functions ON DELETE CASCADE,
    digest TEXT NOT NULL,
    request BLOB NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (function_id, digest)
);
CREATE TABLE classes (
    class_id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps ON DELETE CASCADE
);
CREATE TABLE deployments (
    app_id TEXT NOT NULL REFERENCES apps ON DELETE CASCADE,
    version INTEGER NOT NULL,
    deployed_at REAL NOT NULL,
    tag TEXT NOT NULL,
    client_version TEXT NOT NULL,
    rollback_version INTEGER NOT NULL DEFAULT 0,
    is_staged INTEGER NOT NULL DEFAULT 0,
    commit_info BLOB NOT NULL,
    layout BLOB NOT NULL,
    PRIMARY KEY (app_id, version)
);
CREATE TABLE autoscaler_overrides (
    function_id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps ON DELETE CASCADE,
    settings BLOB NOT NULL
);
CREATE TABLE secrets (
    secret_id TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    app_id TEXT REFERENCES apps ON DELETE CASCADE,
    name TEXT,
    digest TEXT NOT NULL DEFAULT '',
    variables TEXT NOT NULL,
    created_at REAL NOT NULL,
    last_used_at REAL NOT NULL DEFAULT 0,
    UNIQUE (environment_id, name)
);
CREATE UNIQUE INDEX secrets_of_apps ON secrets (app_id, digest) WHERE app_id IS NOT NULL;
CREATE TABLE volumes (
    volume_id TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    name TEXT,
    version INTEGER NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (environment_id, name)
);
CREATE TABLE mounts (
    mount_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
);
CREATE TABLE mount_files (
    mount_id TEXT NOT NULL REFERENCES mounts ON DELETE CASCADE,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mode INTEGER NOT NULL,
    PRIMARY KEY (mount_id, path)
) WITHOUT ROWID;
CREATE TABLE web_urls (
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    label TEXT NOT NULL,
    port INTEGER NOT NULL UNIQUE,
    app_id TEXT REFERENCES apps ON DELETE SET NULL,
    function_id TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL DEFAULT '',
    requires_proxy_auth INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (environment_id, label)
);
CREATE TABLE proxy_tokens (
    token_id TEXT PRIMARY KEY,
    secret_digest TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE logs (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id TEXT NOT NULL,
    function_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    descriptor INTEGER NOT NULL,
    timestamp REAL NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX logs_by_app ON logs (app_id, entry);
CREATE INDEX logs_by_task ON logs (task_id, entry);
"""
_DICTS_AND_QUEUES: Final = """
CREATE TABLE collections (
    collection_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    name TEXT,
    created_at REAL NOT NULL,
    created_by TEXT NOT NULL,
    heard_at REAL NOT NULL,
    UNIQUE (environment_id, kind, name)
);
CREATE TABLE dict_entries (
    dict_id TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    used_at REAL NOT NULL,
    PRIMARY KEY (dict_id, key)
);
CREATE TABLE queue_partitions (
    queue_id TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
    partition BLOB NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (queue_id, partition)
);
CREATE TABLE queue_items (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id TEXT NOT NULL,
    partition BLOB NOT NULL,
    value BLOB NOT NULL,
    FOREIGN KEY (queue_id, partition) REFERENCES queue_partitions ON DELETE CASCADE
);
CREATE INDEX queue_items_in_order ON queue_items (queue_id, partition, entry);
"""
_WHO_AND_WHERE: Final = """
ALTER TABLE environments ADD COLUMN is_restricted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE environments ADD COLUMN default_role TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN created_by TEXT NOT NULL DEFAULT 'local';
ALTER TABLE deployments ADD COLUMN deployed_by TEXT NOT NULL DEFAULT 'local';
ALTER TABLE secrets ADD COLUMN created_by TEXT NOT NULL DEFAULT 'local';
ALTER TABLE volumes ADD COLUMN created_by TEXT NOT NULL DEFAULT 'local';
ALTER TABLE proxy_tokens ADD COLUMN created_by TEXT NOT NULL DEFAULT 'local';
ALTER TABLE proxy_tokens ADD COLUMN is_scoped INTEGER NOT NULL DEFAULT 0;
CREATE TABLE proxy_token_environments (
    token_id TEXT NOT NULL REFERENCES proxy_tokens ON DELETE CASCADE,
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    PRIMARY KEY (token_id, environment_id)
);
CREATE TABLE service_users (
    service_user_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    token_id TEXT NOT NULL UNIQUE,
    secret_digest TEXT NOT NULL,
    created_at REAL NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at REAL NOT NULL DEFAULT 0,
    expires_at REAL NOT NULL DEFAULT 0
);
CREATE TABLE environment_roles (
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    principal_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (environment_id, principal_id)
);
"""
STEPS: Final = (_FIRST, _DICTS_AND_QUEUES, _WHO_AND_WHERE)
"""What brings a state file from each version to the next."""
VERSION: Final = len(STEPS)
