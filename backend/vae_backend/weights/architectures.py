"""The true architecture of each family's VAE, where a file of weights does not bring its config along.

Also what the benchmark fills with random numbers: time and memory do not depend on the weights' values.
"""

import importlib
from typing import Any, Final

import diffusers
import torch

from vae_backend.errors import StartupError

KL: Final = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "act_fn": "silu",
    "norm_num_groups": 32,
}
SIXTEEN: Final = {**KL, "latent_channels": 16, "use_quant_conv": False, "use_post_quant_conv": False}
SDXL: Final = {**KL, "latent_channels": 4, "sample_size": 1024, "scaling_factor": 0.13025}
FLUX: Final = {**SIXTEEN, "sample_size": 1024, "scaling_factor": 0.3611, "shift_factor": 0.1159}

PAELLA: Final = "diffusers.pipelines.deprecated.wuerstchen.modeling_paella_vq_model"

# Class and config; a class alone is that model's by its own defaults.
ARCHITECTURES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "sd-v1": ("AutoencoderKL", {**KL, "latent_channels": 4, "sample_size": 512, "scaling_factor": 0.18215}),
    "sdxl": ("AutoencoderKL", {**SDXL, "force_upcast": True}),
    "sd3": (
        "AutoencoderKL",
        {**SIXTEEN, "sample_size": 1024, "scaling_factor": 1.5305, "shift_factor": 0.0609},
    ),
    "flux": ("AutoencoderKL", FLUX),
    "flux2": ("AutoencoderKLFlux2", {}),
    "qwen-image": ("AutoencoderKLQwenImage", {}),
    "wan-2.1": ("AutoencoderKLWan", {}),
    "hunyuan-video": ("AutoencoderKLHunyuanVideo", {}),
    "mochi": ("AutoencoderKLMochi", {}),
    "ltx-video": ("AutoencoderKLLTXVideo", {}),
}
# Families with the weights of another.
SAME: Final = {
    **dict.fromkeys(("pixart-alpha",), "sd-v1"),
    **dict.fromkeys(("pixart-sigma", "auraflow", "hunyuan-dit", "lumina-next", "omnigen"), "sdxl"),
    **dict.fromkeys(
        ("chroma", "longcat-image", "hidream", "lumina2", "z-image", "omnigen2", "kandinsky5-image"), "flux"
    ),
    "kandinsky5-video": "hunyuan-video",
}


def architecture_of(model: str) -> tuple[str, dict[str, Any]]:
    """Class and config of a family's VAE. Raises StartupError where only the weights' own config can tell."""
    known = ARCHITECTURES.get(SAME.get(model, model))
    if known is None:
        raise StartupError(f"a single file does not tell how {model} is built: point at the VAE's folder")
    return known


def vae_class(name: object) -> type[torch.nn.Module] | None:
    """The class of diffusers called `name`; None unless it is a VAE."""
    if name == "PaellaVQModel":
        return importlib.import_module(PAELLA).PaellaVQModel
    if not isinstance(name, str) or "Autoencoder" not in name:
        return None
    return getattr(diffusers, name, None)
