"""Loading located weights into a decoder."""

import json
from pathlib import Path
from typing import Any, Final

import diffusers
import torch
from safetensors.torch import load_file

from vae_backend.decoders.base import Decoder
from vae_backend.decoders.diffusers_vae import DiffusersVae
from vae_backend.decoders.tiny import TinyDecoder
from vae_backend.errors import StartupError
from vae_backend.families import Family
from vae_backend.tiny_keys import FIRST_LAYER, decoder_state

TINY: Final = "AutoencoderTiny"
# Classes whose decode never touches their encoder, which is then not worth its memory.
ENCODER_UNUSED: Final = {TINY, "AutoencoderKL", "AutoencoderKLHunyuanVideo", "AutoencoderKLWan"}


def load_decoder(path: Path, family: Family, device: torch.device, dtype: str) -> Decoder:
    """Loads what `path` (see `locate.weights_at`) holds for `family`. dtype: `auto` or a torch dtype's name.

    Raises StartupError for weights that are missing, incomplete or of another family.
    """
    try:
        if path.is_file():
            vae: torch.nn.Module = load_tiny(path, family)
            return TinyDecoder(place(vae, device, choose_dtype(dtype, device, "float16")), family)
        return load_folder(path, family, device, dtype)
    except StartupError:
        raise
    except Exception as error:
        raise StartupError(f"cannot load {path}: {first_line(error)}") from error


def load_tiny(path: Path, family: Family) -> torch.nn.Module:
    """An `AutoencoderTiny` with the decoder of one safetensors file, every key accounted for."""
    state = decoder_state(load_file(path))
    channels = state[FIRST_LAYER].shape[1] if FIRST_LAYER in state else None
    check_channels(channels, family, path)
    vae = diffusers.AutoencoderTiny(latent_channels=channels)
    vae.decoder.load_state_dict(state, strict=True)
    return vae


def load_folder(path: Path, family: Family, device: torch.device, dtype: str) -> Decoder:
    """A diffusers VAE folder: config.json and safetensors weights."""
    config = json.loads((path / "config.json").read_text())
    name = config.get("_class_name")
    if not isinstance(name, str) or "Autoencoder" not in name or not hasattr(diffusers, name):
        raise StartupError(f"{path / 'config.json'} names no VAE class of diffusers (got {name!r})")
    half = "float16" if name == TINY or config.get("force_upcast") is False else family.half
    vae, report = getattr(diffusers, name).from_pretrained(
        path,
        torch_dtype=choose_dtype(dtype, device, half or "float32"),
        local_files_only=True,
        use_safetensors=True,
        low_cpu_mem_usage=False,
        output_loading_info=True,
    )
    # diffusers fills what is missing with random numbers and only warns.
    if report["missing_keys"]:
        raise StartupError(f"the weights in {path} lack {len(report['missing_keys'])} tensors of {name}")
    check_channels(vae.config.get("latent_channels") or vae.config.get("z_dim"), family, path)
    vae = place(vae, device, vae.dtype)
    return TinyDecoder(vae, family) if name == TINY else DiffusersVae(vae, family, own_constants(vae, config))


def own_constants(vae: torch.nn.Module, config: dict[str, Any]) -> dict[str, Any]:
    """What the VAE itself says about scaling: its config.json, for mean and std also its class's defaults.

    A scaling_factor that only the class defaults to is left out: the family knows better.
    """
    defaults = {key: vae.config.get(key) for key in ("latents_mean", "latents_std")}
    return defaults | {key: value for key, value in config.items() if value is not None}


def check_channels(channels: int | None, family: Family, path: Path) -> None:
    """Raises StartupError when the weights are for latents of another width."""
    if channels != family.latent_channels:
        raise StartupError(
            f"{path} decodes latents with {channels} channels, {family.name} has {family.latent_channels}"
        )


def choose_dtype(dtype: str, device: torch.device, half: str) -> torch.dtype:
    """`auto` is float32 on a CPU, where halves are slower, and the model's reduced dtype elsewhere."""
    if dtype == "auto":
        dtype = "float32" if device.type == "cpu" else half
    return getattr(torch, dtype)


def place(vae: torch.nn.Module, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
    """Ready for decoding only, on its device."""
    if type(vae).__name__ in ENCODER_UNUSED:
        vae.encoder = None
    return vae.to(device=device, dtype=dtype).eval().requires_grad_(False)


def first_line(error: BaseException) -> str:
    """The kind of an error and the start of its text, short enough for a terminal line."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
