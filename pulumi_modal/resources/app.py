"""`App`: one Modal file, deployed as one app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.gateway.credentials import LOCAL_WORKSPACE
from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.app_inputs import completed
from pulumi_modal.spec.plan import Plan

_COMPUTED = ("url", "urls", "app_id", "version", "functions", "code")


class App(Resource, module="modal", name="App"):
    """A Modal app, deployed from an ordinary Modal file with a stack's settings over the code.

    The file is dry-run at every preview, in a child process and without Modal: so the diff shows
    the effective settings of each function, and any change of what would be uploaded. The id is
    `<environment>/<app name>`.
    """

    url: pulumi.Output[str]
    """URL of the app: of the function that the probe names, else of the first that has one."""
    urls: pulumi.Output[Mapping[str, str]]
    """URL by function, or by `Class.method`."""
    app_id: pulumi.Output[str]
    """Modal's id, `ap-...`."""
    version: pulumi.Output[int]
    """Number of the deployed version, from 1."""
    functions: pulumi.Output[Mapping[str, Any]]
    """Effective settings by function, class or server; units as in docs/config.md."""
    code: pulumi.Output[Mapping[str, Any]]
    """For each setting that the stack sets, the value in the code."""

    def __init__(  # noqa: PLR0913  # the inputs of an app, keyword only
        self,
        resource_name: str,
        *,
        source: pulumi.Input[str],
        environment: pulumi.Input[str],
        app_name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL_WORKSPACE,
        overrides: pulumi.Input[Mapping[str, Any]] | None = None,
        app: pulumi.Input[str] | None = None,
        strategy: pulumi.Input[str] | None = None,
        tag: pulumi.Input[str] | None = None,
        probe: pulumi.Input[Mapping[str, Any]] | None = None,
        plan: Plan | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare an app.

        - `source`: the Modal file, relative to the folder of Pulumi.yaml.
        - `environment`, `workspace`: where it is deployed; other credentials are refused.
        - `app_name`: its name in Modal; the resource's name when left out.
        - `overrides`: settings by function, class or server (`{"Model": {"gpu": "H100:2"}}`).
        - `app`: the variable that holds the `modal.App`, when the file has several.
        - `strategy`: `rolling` (default) or `recreate`; `tag`: a mark on the deployment.
        - `probe`: when it counts as ready (`{"path": "/health", "deadline": 120}`).
        - `plan`: what the program has planned already, with its overrides; else the provider plans.
        """
        said: dict[str, Any] = {
            "source": source,
            "app_name": app_name or resource_name,
            "environment": environment,
            "workspace": workspace,
            "app": app,
            "strategy": strategy,
            "tag": tag,
            "probe": probe,
        }
        inputs = {**said, "overrides": overrides} if plan is None else completed(said, plan)
        super().__init__(AppProvider(), resource_name, {**dict.fromkeys(_COMPUTED), **inputs}, opts)
