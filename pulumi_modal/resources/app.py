"""`App`: one Modal file, deployed as one app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.gateway.credentials import LOCAL_WORKSPACE
from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.app_inputs import SAID, completed
from pulumi_modal.provider.app_owner import OWNER
from pulumi_modal.provider.timeouts import TIMEOUTS, declared
from pulumi_modal.resources.existing import existing
from pulumi_modal.resources.secrecy import open_value
from pulumi_modal.resources.settings import CanarySettings, FunctionSettings, ProbeSettings
from pulumi_modal.spec.plan import Plan

_COMPUTED = ("url", "urls", "app_id", "version", "effect", "functions", "code")


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
    effect: pulumi.Output[str]
    """What the last change did, or would do: `in place: functions.web.max_containers`."""
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
        overrides: pulumi.Input[Mapping[str, pulumi.Input[FunctionSettings]]] | None = None,
        settings: pulumi.Input[FunctionSettings] | None = None,
        app: pulumi.Input[str] | None = None,
        pattern: pulumi.Input[str] | None = None,
        strategy: pulumi.Input[str] | None = None,
        tag: pulumi.Input[str] | None = None,
        probe: pulumi.Input[ProbeSettings | bool] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        web_suffix: pulumi.Input[str] | None = None,
        on_failure: pulumi.Input[str] | None = None,
        canary: pulumi.Input[CanarySettings | bool] | None = None,
        triggers: pulumi.Input[Mapping[str, Any]] | None = None,
        plan: Plan | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare an app.

        :param resource_name: Its name in Pulumi.
        :param source: The Modal file, relative to the folder of Pulumi.yaml.
        :param environment: The Modal environment that it is deployed to.
        :param app_name: Its name in Modal; the resource's name when left out.
        :param workspace: The workspace it belongs to; its credentials are looked up by this name.
            `local` is the project's own local Modal.
        :param overrides: Settings over the code's, by the name of a function, class or server
            (`{"Model": {"gpu": "H100:2"}}`). None of them may be a secret.
        :param settings: The same for the only function, class or server of the file.
        :param app: The variable that holds the `modal.App`, when the file has several.
        :param pattern: How requests are served, which is then checked: `stateless`, `stateful` or
            `batched`.
        :param strategy: How a new version takes over: `rolling` (default) or `recreate`.
        :param tag: A mark on the deployment, shown in `modal app history`.
        :param probe: When it counts as ready (`{"path": "/health", "deadline": 120}`); `True` takes
            all defaults.
        :param adopt: Take over an app of this name that is there already and was not deployed by
            this stack; without it, a create refuses such an app.
        :param on_failure: What becomes of a version that is not ready: `keep` (default), or
            `rollback` to the one that was healthy last. Needs a probe.
        :param canary: How a new version is tried beside the old one, under load, before it takes
            over (`{"path": "/embed", "requests": 500}`); `True` takes all defaults. Needs a probe.
        :param triggers: Whatever containers take in when they start, by labels of your choice
            (`{"secret huggingface": secret.digest}`): a change gets new containers, without a new
            deploy.
        :param web_suffix: The `suffix` of the environment: a change of it changes the URLs, which
            are then read again. Nothing is deployed.
        :param plan: What the program has planned already, with its settings; else the provider
            plans.
        :param opts: Options of the resource. Paths of `ignore_changes` and `replace_on_changes` are
            those that a preview shows: `functions.Model.gpu`.
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
            "on_failure": on_failure,
            "canary": canary,
            "triggers": triggers,
            "web_suffix": web_suffix,
            "adopt": adopt,
            OWNER: f"{pulumi.get_project()}/{pulumi.get_stack()}",
            TIMEOUTS: declared(opts.custom_timeouts) if opts else None,
        }
        if plan is None:
            inputs = {
                **said,
                "pattern": pattern,
                "functions": open_value(overrides, f"{resource_name}.overrides"),
                "settings": open_value(settings, f"{resource_name}.settings"),
            }
        else:
            inputs = completed(said, plan)
        super().__init__(AppProvider(), resource_name, {**dict.fromkeys(_COMPUTED), **inputs}, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> App:
        """An app that is deployed, by its id `<environment>/<app name>`; it is not managed."""
        return existing(cls, AppProvider(), resource_name, (id, opts), (*SAID, *_COMPUTED))
