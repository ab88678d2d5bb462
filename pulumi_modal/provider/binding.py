"""A stack is bound to one environment: what can be told of it offline is told at preview."""

from __future__ import annotations

from typing import Any

from pulumi_modal.errors import BindingError
from pulumi_modal.gateway.credentials import check_environment, current_environ


def binding_problem(environment: Any) -> str:
    """Why a deploy to this environment will be refused; empty when it is not."""
    if not isinstance(environment, str):
        return ""  # unknown yet
    try:
        check_environment(environment, current_environ())
    except BindingError as error:
        return str(error)
    return ""
