"""A fleet: for every case an environment of its own, and one app in it."""

import pulumi

import pulumi_modal

config = pulumi.Config("fleet")
for case in config.require_object("cases"):
    environment = pulumi_modal.Environment(case)
    pulumi_modal.App(case, source=f"services/{case}.py", environment=environment.name)
