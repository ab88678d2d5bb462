"""What a stack is made of: one component a file, and `config`, the door from Pulumi's config.

The wheel carries this folder as `pulumi_modal.components`: so its files import each other by
relative names.
"""

from .gpu_variants import GpuVariants
from .inference_service import InferenceService

__all__ = ["GpuVariants", "InferenceService"]
