"""The process that runs dynamic providers for the engine, in place of Pulumi's own.

It serves every dynamic resource of a program, ours and others', and adds what the stock one lacks:
one-line errors, live status on a resource's row, more than four operations at once, ids that
survive a failure, outputs known at preview, and an end when the engine is gone.
"""
