"""How diffusers' own pipelines decode: by their functions where they have one, else by the lines they run."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import torch
from diffusers import (
    AllegroPipeline,
    AutoencoderKLHunyuanVideo,
    CogVideoXPipeline,
    EDMEulerScheduler,
    Flux2Pipeline,
    FluxPipeline,
    LattePipeline,
    LTXPipeline,
    QwenImagePipeline,
    StableVideoDiffusionPipeline,
)

Decode = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]


def divided(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Stable Diffusion and most others."""
    return vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]


def shifted(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Stable Diffusion 3, Lumina 2, HiDream ..."""
    scaled = (latents / vae.config.scaling_factor) + vae.config.shift_factor
    return vae.decode(scaled, return_dict=False)[0]


def flux_packed(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Flux, from tokens of a picture of 64x48 pixels."""
    return shifted(vae, FluxPipeline._unpack_latents(latents, 64, 48, 8))


def normalised(vae: torch.nn.Module, latents: torch.Tensor, factor: float = 1.0) -> torch.Tensor:
    """Wan, Mochi, Playground 2.5: by mean and standard deviation."""
    across = (1, -1) + (1,) * (latents.ndim - 2)
    mean, std = (torch.tensor(vae.config[key]).view(across) for key in ("latents_mean", "latents_std"))
    return vae.decode(latents * std / factor + mean, return_dict=False)[0]


def qwen_packed(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    return normalised(vae, QwenImagePipeline._unpack_latents(latents, 64, 48, 8))[:, :, 0]


def flux2(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """From tokens: 4 rows of 3, each at the place that its ids say."""
    ids = torch.cartesian_prod(torch.arange(1), torch.arange(4), torch.arange(3), torch.arange(1))
    patches = Flux2Pipeline._unpack_latents_with_ids(latents, ids.expand(len(latents), -1, -1))
    mean = vae.bn.running_mean.view(1, -1, 1, 1)
    std = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
    return vae.decode(Flux2Pipeline._unpatchify_latents(patches * std + mean), return_dict=False)[0]


def ltx_packed(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    unpacked = LTXPipeline._unpack_latents(latents, 2, 2, 3)
    scaled = LTXPipeline._denormalize_latents(
        unpacked, vae.latents_mean, vae.latents_std, vae.config.scaling_factor
    )
    return vae.decode(scaled, None, return_dict=False)[0]


def cogvideox(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    pipeline = SimpleNamespace(vae=vae, vae_scaling_factor_image=vae.config.scaling_factor)
    return CogVideoXPipeline.decode_latents(pipeline, latents)


def svd(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    return StableVideoDiffusionPipeline.decode_latents(SimpleNamespace(vae=vae), latents, latents.shape[1])


def latte(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    return LattePipeline.decode_latents(SimpleNamespace(vae=vae), latents, latents.shape[2])


def allegro(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    vae.enable_tiling()
    return AllegroPipeline.decode_latents(SimpleNamespace(vae=vae), latents)


def cosmos(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """The scheduler's sigma_data is that of its defaults, which the released pipelines use."""
    frames = latents.size(2)
    mean, std = (
        torch.tensor(vae.config[key]).view(1, vae.config.latent_channels, -1, 1, 1)[:, :, :frames]
        for key in ("latents_mean", "latents_std")
    )
    scaled = latents * std / EDMEulerScheduler().config.sigma_data + mean
    return vae.decode(scaled, return_dict=False)[0]


def channels_last(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Kandinsky 5, whose latents have their channels at the end."""
    moved = latents.permute(0, 4, 1, 2, 3)
    return divided(vae, moved if isinstance(vae, AutoencoderKLHunyuanVideo) else moved.squeeze(2))


def as_it_is(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """LTX-2, whose latents are denormalised before a pipeline hands them out."""
    return vae.decode(latents, None, return_dict=False)[0]


def cascade(vae: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Stable Cascade: 0..1, brought to the -1..1 of all others."""
    return vae.decode(vae.config.scale_factor * latents).sample * 2 - 1


# What clients send for each family, and how its pipeline decodes that.
CASES: Final[dict[str, tuple[tuple[int, ...], Decode]]] = {
    **dict.fromkeys(
        (
            *("sd-v1", "pixart-alpha", "sd-x4-upscaler", "sdxl", "pixart-sigma", "auraflow", "hunyuan-dit"),
            *("lumina-next", "omnigen", "kolors"),
        ),
        ((2, 4, 8, 6), divided),
    ),
    "playground-2.5": ((2, 4, 8, 6), lambda vae, latents: normalised(vae, latents, 0.5)),
    **dict.fromkeys(("cogview3-plus", "cogview4"), ((1, 16, 8, 6), divided)),
    **dict.fromkeys(("sd3", "hidream", "lumina2", "z-image", "omnigen2"), ((1, 16, 8, 6), shifted)),
    **dict.fromkeys(("flux", "chroma", "longcat-image"), ((2, 12, 64), flux_packed)),
    "kandinsky5-image": ((1, 1, 8, 6, 16), channels_last),
    "kandinsky5-video": ((1, 2, 4, 6, 16), channels_last),
    "flux2": ((2, 12, 128), flux2),
    "svd": ((1, 3, 4, 4, 6), svd),
    "latte": ((2, 4, 3, 4, 6), latte),
    "hunyuan-video": ((1, 16, 2, 4, 6), divided),
    "hunyuan-video-1.5": ((1, 32, 2, 2, 3), divided),
    "hunyuan-image-2.1": ((1, 64, 2, 3), divided),
    "wan-2.1": ((1, 16, 2, 4, 6), normalised),
    "wan-2.2": ((1, 48, 2, 2, 3), normalised),
    "qwen-image": ((2, 12, 64), qwen_packed),
    "ltx-video": ((1, 12, 128), ltx_packed),
    "ltx-2": ((1, 128, 2, 2, 3), as_it_is),
    "cogvideox": ((1, 3, 16, 4, 6), cogvideox),
    "cogvideox-5b": ((1, 2, 16, 4, 6), cogvideox),
    "mochi": ((1, 12, 2, 4, 6), normalised),
    "cosmos": ((1, 16, 2, 4, 6), cosmos),
    "allegro": ((1, 4, 6, 16, 16), allegro),
    "easyanimate": ((1, 16, 2, 4, 6), divided),
    "sana": ((1, 32, 2, 3), divided),
    "stable-cascade": ((1, 4, 8, 6), cascade),
}
