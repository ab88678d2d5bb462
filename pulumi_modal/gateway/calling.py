"""Calls of deployed functions, made by a child process of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from pulumi_modal.errors import GatewayError, ModalStackError, NoAnswer, Unavailable
from pulumi_modal.gateway.credentials import Credentials
from pulumi_modal.gateway.port import Called, CallOrder
from pulumi_modal.source.child import run
from pulumi_modal.source.environment import child_environment
from pulumi_modal.source.redaction import KNOWN

_CBOR: Final = {"MODAL_PAYLOAD_FORMAT": "cbor"}
_BESIDE_CALLS_S: Final = 30.0
"""For starting the child, connecting, and looking the function up."""


def called(order: CallOrder, credentials: Credentials) -> Sequence[Called]:
    """What came of each call; a GatewayError when none could be made."""
    KNOWN.keep(credentials.token_secret)
    longest_s = math.ceil(order.times / order.at_once) * order.timeout_s
    if order.within_s is not None:
        longest_s = min(longest_s, order.within_s + order.timeout_s)
    try:
        done = run(
            "pulumi_modal.gateway.call_child:call",
            order,
            root=order.root,
            env=child_environment({**credentials.variables(), **_CBOR}),
            deadline_s=longest_s + _BESIDE_CALLS_S,
            what=f"calling {order.call} of {order.app}",
            cure="give the probe a shorter `timeout`, or see what Modal waits for",
        )
    except NoAnswer as error:
        raise Unavailable(KNOWN.hide(str(error))) from None
    except GatewayError as error:
        raise type(error)(KNOWN.hide(str(error))) from None
    except ModalStackError as error:
        raise GatewayError(KNOWN.hide(str(error))) from None
    return tuple(Called(*one) for one in done.answer)
