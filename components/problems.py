"""What is wrong with a stack, told once: errors in one block, each warning on its own row.

No encrypted value of the configuration is in it, whoever says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi

from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.spec.problem import Problem, in_order


def warn(problems: Iterable[Problem]) -> None:
    """Show the warnings among the problems, each on its own row."""
    for problem in in_order(problems):
        if not problem.is_error:
            pulumi.log.warn(KNOWN.hide(problem.line()))


def show_printed(printed: Mapping[str, str]) -> None:
    """Show what files printed while they were planned, each on its own row."""
    for source, text in sorted(printed.items()):
        pulumi.log.info(KNOWN.hide(f"{source} printed while it was imported:\n{text}"))


def refusal(problems: Iterable[Problem]) -> str:
    """All errors among the problems, one a line; empty when there are none."""
    errors = [problem for problem in in_order(problems) if problem.is_error]
    if not errors:
        return ""
    count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
    lines = "\n".join(f"  {KNOWN.hide(problem.line())}" for problem in errors)
    return f"the stack has {count}, and nothing was deployed:\n{lines}"
