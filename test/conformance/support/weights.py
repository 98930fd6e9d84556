"""Tiny VAE weights: the real ones where they are present, otherwise the same random ones each time."""

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderKLHunyuanVideo, AutoencoderTiny
from safetensors.torch import load_file

from support.data import DATA

CHANNELS = {"sd-v1": 4, "sdxl": 4, "sd3": 16, "flux": 16, "flux2": 32}
SCALING = {
    "sd-v1": {"scaling_factor": 0.18215},
    "sdxl": {"scaling_factor": 0.13025},
    "flux": {"scaling_factor": 0.3611, "shift_factor": 0.1159},
}
# Models whose published tiny VAEs encode as well.
ROUND_TRIP_SCALING = SCALING | {"sd3": {"scaling_factor": 1.5305, "shift_factor": 0.0609}, "flux2": {}}


@dataclass(frozen=True)
class TinyWeights:
    """A folder for the backend, and the same network here to compare with."""

    folder: Path
    vae: AutoencoderTiny

    @torch.inference_mode()
    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] in diffusion space to [N, 3, 8h, 8w] in -1..1, float32."""
        return self.vae.decode(latent.float()).sample


def weights_for(model: str, folder: Path) -> TinyWeights:
    """Random weights are saved as diffusers does, real ones are served as they were published."""
    if DATA is None:
        torch.manual_seed(CHANNELS[model])
        vae = AutoencoderTiny(latent_channels=CHANNELS[model]).eval()
        vae.save_pretrained(folder / model)
        return TinyWeights(folder / model, vae)
    return TinyWeights(DATA / "vae" / model, published_vae(model))


def published_vae(model: str) -> AutoencoderTiny:
    """The real weights in diffusers' own network, encoder included."""
    assert DATA is not None
    vae = AutoencoderTiny(latent_channels=CHANNELS[model]).eval()
    # The published list of a decoder begins with the clamp that diffusers keeps outside of it.
    for part, offset in (("encoder", 0), ("decoder", -1)):
        published = load_file(DATA / "vae" / model / f"{part}.safetensors")
        layers = ((key.split(".", 1), weight) for key, weight in published.items())
        state = {f"layers.{int(index) + offset}.{name}": weight for (index, name), weight in layers}
        getattr(vae, part).load_state_dict(state, strict=True)
    return vae.float()


def unscale(latent: torch.Tensor, model: str) -> torch.Tensor:
    """What a client sends that has scaled by itself: the VAE's raw space."""
    scaling = SCALING[model]
    return latent.float() / scaling["scaling_factor"] + scaling.get("shift_factor", 0.0)


def small_video_vae(folder: Path) -> Path:
    """A diffusers folder of a HunyuanVideo VAE that is real but for its size and its random weights."""
    torch.manual_seed(13)
    vae = AutoencoderKLHunyuanVideo(block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4)
    vae.save_pretrained(folder)
    return folder


def small_picture_vae(folder: Path) -> Path:
    """The same of an AutoencoderKL for SD3 latents, encoder included."""
    torch.manual_seed(13)
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=16,
        norm_num_groups=4,
        scaling_factor=1.5305,
        shift_factor=0.0609,
    ).save_pretrained(folder)
    return folder
