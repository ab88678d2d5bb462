"""The error tree of the provider.

ModalStackError
├── SpecError            a stack or its inputs say something that cannot be (all problems at once)
├── SourceError          a Modal file cannot be loaded
│   └── NoAnswer         the child process that worked on it ended, or was ended, without an answer
├── PlanError            a file loads, but what it asks for with this stack cannot be deployed
├── BindingError         the credentials reach another workspace or environment than the stack's
└── GatewayError         Modal refused a call or did not answer it
    ├── NotFound         the thing asked for does not exist
    ├── Refused          Modal understood and said no (bad argument, precondition, permission)
    ├── Unauthenticated  no token, or one that is not accepted
    ├── Unavailable      no answer: not reachable, too slow, overloaded
    ├── DeployFailed     a deploy child ended without a deployment
    ├── CanaryWithdrawn  a new version did worse than the old one, which serves on
    └── NotReady         deployed, but the readiness probe did not succeed before its deadline
        └── StoppedWaiting   the wait was cancelled: nobody knows whether it would have

Messages are one line, name the thing they are about and say what to do; no secret ever enters one.
"""


class ModalStackError(Exception):
    """Anything this package refuses or fails to do."""


class SpecError(ModalStackError):
    """A stack, or the inputs of a resource, say something that cannot be."""


class SourceError(ModalStackError):
    """A Modal file cannot be loaded, or its import never ended."""


class NoAnswer(SourceError):
    """The child process that worked on a file ended, or was ended, before it answered."""


class PlanError(ModalStackError):
    """A Modal file loads, but what it asks for with this stack cannot be deployed."""


class BindingError(ModalStackError):
    """The credentials reach another workspace or environment than the stack is bound to."""


class GatewayError(ModalStackError):
    """Modal refused a call or did not answer it."""


class NotFound(GatewayError):
    """The thing asked for does not exist in Modal."""


class Refused(GatewayError):
    """Modal understood the call and said no."""


class Unauthenticated(GatewayError):
    """There is no token, or Modal does not accept it."""


class Unavailable(GatewayError):
    """Modal did not answer: unreachable, too slow or overloaded."""


class DeployFailed(GatewayError):
    """A deploy ended without a deployment."""


class NotReady(GatewayError):
    """The app is deployed, but its readiness probe did not succeed before the deadline."""


class CanaryWithdrawn(GatewayError):
    """A new version, tried beside the old one, did worse and was stopped; nothing has changed."""


class StoppedWaiting(NotReady):
    """The wait for readiness was cancelled; the app may be healthy."""
