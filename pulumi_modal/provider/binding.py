"""A stack is bound to one environment: what can be told of it offline is told at preview."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_modal.errors import BindingError
from pulumi_modal.gateway.credentials import check_environment, current_environ
from pulumi_modal.provider.props import Props, has_unknown
from pulumi_modal.spec.naming import ENVIRONMENT_NAME, WORKSPACE_NAME
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.refusal import Refusal


def binding_problems(inputs: Props, environment: str) -> Iterator[tuple[str, str]]:
    """(property, what is wrong with it) of where a resource is to live.

    `environment` is the property that names the environment.
    """
    for key, rule in ((environment, ENVIRONMENT_NAME), ("workspace", WORKSPACE_NAME)):
        value = inputs.get(key)
        if has_unknown(value):
            continue
        try:
            name = rule(value)
        except Refusal as refusal:
            problem = Problem(key, refusal.message, value, refusal.allowed, refusal.nearest)
            yield key, problem.reason()
        else:
            if key == environment:
                yield from unbound(key, name)


def unbound(key: str, environment: str) -> Iterator[tuple[str, str]]:
    """What is wrong when MODAL_ENVIRONMENT names another environment."""
    try:
        check_environment(environment, current_environ())
    except BindingError as error:
        yield key, str(error)
