"""Loading located weights into a decoder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch

from vae_backend.decoders.vae import VaeDecoder
from vae_backend.errors import StartupError
from vae_backend.families import Family
from vae_backend.weights.architectures import vae_class
from vae_backend.weights.identity import identify
from vae_backend.weights.locate import Weights
from vae_backend.weights.single_file import is_full_vae, load_full, load_tiny

TINY: Final = "AutoencoderTiny"


def load_decoder(weights: Weights, family: Family, device: torch.device, dtype: str) -> VaeDecoder:
    """Loads what was located for `family`. dtype: `auto` or a torch dtype's name.

    Raises StartupError for weights that are missing, incomplete or of another family, and for a dtype in
    which they are known to overflow.
    """
    path = weights.path
    try:
        if path.is_dir():
            vae, config = load_folder(path, family, device, dtype)
        elif is_full_vae(path):
            vae = load_full(path, family, choose_dtype(dtype, device, family, {}))
            config = dict(vae.config)
        else:
            vae, channels = load_tiny(path)
            check_channels(channels, family, path)
            vae, config = vae.to(choose_dtype(dtype, device, family, {"_class_name": TINY})), {}
        channels = channels_of(vae)
        check_channels(channels, family, path)
        family = replace(family, latent_channels=channels)
        ready = place(vae, device)
        return VaeDecoder(ready, family, config, identify(weights.name, path))
    except StartupError:
        raise
    except Exception as error:
        raise StartupError(f"cannot load {path}: {first_line(error)}") from error


def load_folder(
    path: Path, family: Family, device: torch.device, dtype: str
) -> tuple[torch.nn.Module, dict[str, Any]]:
    """A diffusers VAE folder: config.json and safetensors weights."""
    config = json.loads((path / "config.json").read_text())
    name = config.get("_class_name")
    kind = vae_class(name)
    if kind is None:
        raise StartupError(f"{path / 'config.json'} names no VAE class of diffusers (got {name!r})")
    vae, report = kind.from_pretrained(
        path,
        torch_dtype=choose_dtype(dtype, device, family, config),
        local_files_only=True,
        use_safetensors=True,
        low_cpu_mem_usage=False,
        output_loading_info=True,
    )
    # diffusers fills what is missing with random numbers and only warns.
    if report["missing_keys"]:
        raise StartupError(f"the weights in {path} lack {len(report['missing_keys'])} tensors of {name}")
    return vae, config


def channels_of(vae: torch.nn.Module) -> int | None:
    """Latent channels as the VAE's config says them, under whichever name."""
    return vae.config.get("latent_channels") or vae.config.get("z_dim")


def check_channels(channels: int | None, family: Family, path: Path) -> None:
    """Raises StartupError when the weights are for latents of another width."""
    if channels is None or family.latent_channels not in (None, channels):
        raise StartupError(
            f"{path} decodes latents with {channels} channels, {family.name} has {family.latent_channels}"
        )


def choose_dtype(dtype: str, device: torch.device, family: Family, config: dict[str, Any]) -> torch.dtype:
    """`auto` is float32 on a CPU, where halves are slower, and the model's reduced dtype elsewhere.

    Raises StartupError for float16 where the activations are known to overflow in it: black pictures.
    """
    safe = config.get("_class_name") == TINY or config.get("force_upcast") is False
    half = "float16" if safe else family.half
    if dtype == "float16" and half is None:
        raise StartupError(
            f"the VAE of {family.name} overflows in float16: use bfloat16 or float32,"
            " or weights whose config says force_upcast false"
        )
    if dtype == "auto":
        dtype = "float32" if device.type == "cpu" else half or "float32"
    return getattr(torch, dtype)


def place(vae: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """On its device, for inference only. Networks of plain convolutions run faster with channels last."""
    vae = vae.to(device=device).eval().requires_grad_(False)
    has_frames = any(isinstance(module, torch.nn.Conv3d) for module in vae.modules())
    return vae if has_frames else vae.to(memory_format=torch.channels_last)


def first_line(error: BaseException) -> str:
    """The kind of an error and the start of its text, short enough for a terminal line."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
