"""A file that holds a decoder or a whole VAE, told apart by the names of its tensors."""

import json
import tempfile
from pathlib import Path

import diffusers
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from vae_backend.errors import StartupError
from vae_backend.families import Family
from vae_backend.weights.architectures import architecture_of, vae_class
from vae_backend.weights.pooled_blocks import add_pools
from vae_backend.weights.tiny_keys import FIRST_LAYER, network_state

# One of these is in every full VAE's file, as diffusers or as the original code names it.
FULL_KEYS = (
    "decoder.conv_in.weight",
    "first_stage_model.decoder.conv_in.weight",
    "vae.decoder.conv_in.weight",
)


def is_full_vae(path: Path) -> bool:
    """Whether the file holds more than a tiny VAE."""
    with safe_open(path, framework="pt") as file:
        keys = set(file.keys())
    return any(key in keys for key in FULL_KEYS) or any(".mid.block_1." in key for key in keys)


def load_full(path: Path, family: Family, dtype: torch.dtype) -> torch.nn.Module:
    """A full VAE of the family's architecture; `FILE.json` beside `FILE.safetensors` tells another one.

    Raises StartupError when tensors are missing.
    """
    own = path.with_suffix(".json")
    if own.is_file():
        config = json.loads(own.read_text())
        name = config.get("_class_name", "AutoencoderKL")
    else:
        name, config = architecture_of(family.name)
    kind = vae_class(name)
    if kind is None or not hasattr(kind, "from_single_file"):
        raise StartupError(f"{name} cannot be loaded from a single file: point at the VAE's folder")
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps({**config, "_class_name": name})
        (Path(folder) / "config.json").write_text(text)
        return kind.from_single_file(str(path), config=folder, torch_dtype=dtype, local_files_only=True)


def load_tiny(path: Path) -> tuple[diffusers.AutoencoderTiny, int]:
    """An `AutoencoderTiny` with the decoder of one safetensors file, every key accounted for, and the encoder
    of the same file or of `encoder.safetensors` beside it where there is one. Also its latent channels.
    """
    weights = load_file(path)
    decoder = network_state(weights, "decoder")
    channels = decoder[FIRST_LAYER].shape[1]
    vae = diffusers.AutoencoderTiny(latent_channels=channels)
    add_pools(vae.decoder.layers, decoder)
    vae.decoder.load_state_dict(decoder, strict=True)
    beside = path.with_name("encoder.safetensors")
    if path.name == "decoder.safetensors" and beside.is_file():
        weights = {
            f"encoder.{key.removeprefix('encoder.')}": value for key, value in load_file(beside).items()
        }
    encoder = network_state(weights, "encoder")
    if encoder:
        add_pools(vae.encoder.layers, encoder)
        vae.encoder.load_state_dict(encoder, strict=True)
    else:
        vae.encoder = None
    return vae, channels
