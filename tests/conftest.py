"""What holds for all tests: none reads or writes what belongs to whoever runs them."""

from __future__ import annotations

import os

os.environ["PULUMI_MODAL_PLAN_CACHE"] = "off"  # tests of the cache give it a folder of their own
