"""Facts about the model families: what shape their latents have and how they were scaled.

Light on purpose (no torch), so that a mistyped name is reported before seconds of importing. Names are those
of the gateway's registry; models of one latent space stand here once each, because their clients lay latents
out differently.
"""

from dataclasses import dataclass
from typing import Final, Literal

from vae_backend.errors import StartupError

Packing = Literal["flux-2x2", "flux2-patchify", "ltx-flatten"]
Frames = Literal["still", "causal", "uniform", "parity"]


@dataclass(frozen=True)
class Family:
    """One family of VAEs.

    latent_channels: None where no public source states it; the weights tell it then.
    scaling_factor, shift_factor: `diffusion = (raw - shift) * scaling`; the factor is None where only the
    VAE's
        own config or weights can say it.
    layouts: orders of axes in which clients send latents (batch, channels, latent frames, height, width).
    packing: how its pipelines flatten latents to tokens. `flux-2x2` `[N, h*w/4, 4*C]`, `flux2-patchify` the
        same or `[N, 4*C, h/2, w/2]`, `ltx-flatten` `[N, T*h*w, C]`.
    frames: frames of t latent frames. `causal` (t-1)*n+1, `uniform` t*n, `parity` causal for odd t, else
    uniform. half: the reduced dtype its full VAE is known to survive on a GPU. None: float32 is the safe
    default,
        unless the VAE's own config says that it needs no upcast.
    sigma_data: what its pipelines divide the standard deviation by before they decode.
    """

    name: str
    latent_channels: int | None
    scaling_factor: float | None
    shift_factor: float = 0.0
    layouts: tuple[str, ...] = ("BCHW",)
    packing: Packing | None = None
    frames: Frames = "still"
    half: str | None = "float16"
    sigma_data: float = 1.0

    @property
    def video(self) -> bool:
        """Whether it decodes to frames rather than to one picture."""
        return self.frames != "still"


def sdxl(name: str) -> Family:
    """The latent space of SDXL, whose original weights overflow in float16."""
    return Family(name, 4, 0.13025, half=None)


def flux(name: str, packing: Packing | None = None) -> Family:
    """The latent space of FLUX.1."""
    return Family(name, 16, 0.3611, 0.1159, packing=packing, half="bfloat16")


VIDEO: Final = ("BCTHW",)

FAMILIES: Final[dict[str, Family]] = {
    family.name: family
    for family in (
        Family("sd-v1", 4, 0.18215),
        Family("pixart-alpha", 4, 0.18215),
        Family("svd", 4, 0.18215, layouts=("BTCHW",), frames="uniform", half=None),
        Family("latte", 4, None, layouts=VIDEO, frames="uniform"),
        Family("sd-x4-upscaler", 4, 0.08333, half=None),
        sdxl("sdxl"),
        sdxl("pixart-sigma"),
        sdxl("auraflow"),
        sdxl("hunyuan-dit"),
        sdxl("lumina-next"),
        sdxl("omnigen"),
        Family("playground-2.5", 4, None, half=None),
        Family("kolors", None, None, half=None),
        Family("sd3", 16, 1.5305, 0.0609),
        Family("cogview3-plus", 16, 1.0, half="bfloat16"),
        Family("cogview4", 16, 1.0, half="bfloat16"),
        flux("flux", "flux-2x2"),
        flux("chroma", "flux-2x2"),
        flux("longcat-image", "flux-2x2"),
        flux("hidream"),
        flux("lumina2"),
        flux("z-image"),
        flux("omnigen2"),
        # Its pipeline applies no shift, though the weights are those of FLUX.1.
        Family("kandinsky5-image", 16, 0.3611, layouts=("BTHWC", "BCHW"), half="bfloat16"),
        Family("flux2", 32, None, packing="flux2-patchify", half="bfloat16"),
        Family("hunyuan-video", 16, 0.476986, layouts=VIDEO, frames="causal"),
        Family("kandinsky5-video", 16, 0.476986, layouts=("BTHWC", "BCTHW"), frames="causal"),
        Family("hunyuan-video-1.5", 32, 1.03682, layouts=VIDEO, frames="causal", half=None),
        Family("hunyuan-image-2.1", 64, 0.75289, half="bfloat16"),
        Family("wan-2.1", 16, None, layouts=VIDEO, frames="causal", half=None),
        Family("wan-2.2", 48, None, layouts=VIDEO, frames="causal", half=None),
        Family("qwen-image", 16, None, layouts=("BCTHW", "BCHW"), packing="flux-2x2", half="bfloat16"),
        Family(
            "ltx-video", 128, None, layouts=VIDEO, packing="ltx-flatten", frames="causal", half="bfloat16"
        ),
        Family("ltx-2", 128, 1.0, layouts=VIDEO, frames="causal", half="bfloat16"),
        Family("cogvideox", 16, 1.15258426, layouts=("BTCHW", "BCTHW"), frames="parity"),
        Family("cogvideox-5b", 16, 0.7, layouts=("BTCHW", "BCTHW"), frames="parity"),
        Family("mochi", 12, None, layouts=VIDEO, frames="causal", half="bfloat16"),
        Family("cosmos", 16, None, layouts=VIDEO, frames="causal", half="bfloat16", sigma_data=0.5),
        Family("allegro", 4, 0.13, layouts=VIDEO, frames="uniform", half=None),
        Family("easyanimate", 16, 0.7125, layouts=VIDEO, frames="causal"),
        Family("sana", 32, 0.41407, half="bfloat16"),
        Family("stable-cascade", 4, None),
    )
}


def family_named(name: str) -> Family:
    """The family called `name`. Raises StartupError naming the known ones."""
    if name not in FAMILIES:
        raise StartupError(f"unknown model {name!r}; known models: {', '.join(FAMILIES)}")
    return FAMILIES[name]
