"""Facts about the model families: what shape their latents have and how they were scaled.

Light on purpose (no torch), so that a mistyped name is reported before seconds of importing.
"""

from dataclasses import dataclass
from typing import Final

from vae_backend.errors import StartupError


@dataclass(frozen=True)
class Family:
    """One family of VAEs that share a latent space.

    scaling_factor, shift_factor: `diffusion = (raw - shift) * scaling`; None where only the VAE's own
        per-channel mean and standard deviation can say it.
    packed: its pipelines hand over 2x2-packed `[N, h*w/4, 4*C]` latents.
    video: latents have a frame axis, `[N, C, T, h, w]`.
    half: the reduced dtype its full VAE is known to survive on a GPU. None: float32 is the safe default,
        unless the VAE's own config says that it needs no upcast.
    """

    name: str
    latent_channels: int
    scaling_factor: float | None
    shift_factor: float = 0.0
    packed: bool = False
    video: bool = False
    half: str | None = "float16"


FAMILIES: Final[dict[str, Family]] = {
    family.name: family
    for family in (
        Family("sd-v1", 4, 0.18215),
        Family("sdxl", 4, 0.13025, half=None),
        Family("sd3", 16, 1.5305, shift_factor=0.0609),
        Family("flux", 16, 0.3611, shift_factor=0.1159, packed=True, half="bfloat16"),
        Family("hunyuan-video", 16, 0.476986, video=True),
        Family("wan-2.1", 16, None, video=True, half=None),
    )
}


def family_named(name: str) -> Family:
    """The family called `name`. Raises StartupError naming the known ones."""
    if name not in FAMILIES:
        raise StartupError(f"unknown model {name!r}; known models: {', '.join(FAMILIES)}")
    return FAMILIES[name]
