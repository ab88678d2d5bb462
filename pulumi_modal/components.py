"""The components, in the tree: those of the folder beside this package, under this name.

A wheel carries that folder in this file's place (ADR 29), so both have the same names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

__path__ = [str(Path(__file__).resolve().parents[1] / "components")]

if TYPE_CHECKING:
    from components import GpuVariants, InferenceService
else:
    from pulumi_modal.components.gpu_variants import GpuVariants
    from pulumi_modal.components.inference_service import InferenceService

__all__ = ["GpuVariants", "InferenceService"]
