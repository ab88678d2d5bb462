"""The program of every stack: read what it declares, declare it, export what came of it."""

from pathlib import Path

import pulumi

from components.config import read_stack
from components.stack import declare

stack, planned = read_stack(Path(__file__).parent)
pulumi.export("services", declare(stack, planned))
