"""The program of every stack, with more secrets in it: one that Modal makes, and outputs."""

from pathlib import Path

import pulumi

import pulumi_modal
from components.config import read_stack
from components.stack import declare

stack, planned = read_stack(Path(__file__).parent)
pulumi.export("services", declare(stack, planned))
pulumi.export("token", pulumi_modal.ProxyToken("caller").token_secret)
pulumi.export("value", pulumi.Config("canary").require_secret("output"))
