"""A small random VAE of every family's class, built as its real one is."""

from collections.abc import Callable
from typing import Final

import diffusers
import torch
from diffusers.pipelines.deprecated.wuerstchen.modeling_paella_vq_model import PaellaVQModel

EIGHT: Final = (8, 8, 8, 8)
THIRTY_TWO: Final = (32, 32, 32, 32)
ONES: Final = (1, 1, 1, 1, 1)


def kl(channels: int, **config: object) -> diffusers.AutoencoderKL:
    """AutoencoderKL with 8 pixels a position."""
    return diffusers.AutoencoderKL(
        block_out_channels=EIGHT,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=channels,
        norm_num_groups=4,
        **config,
    )


def flux(scaling_factor: float = 0.3611, shift_factor: float | None = 0.1159) -> diffusers.AutoencoderKL:
    return kl(16, scaling_factor=scaling_factor, shift_factor=shift_factor)


def flux2() -> diffusers.AutoencoderKLFlux2:
    """Its batch norm has seen something, unlike a fresh one."""
    vae = diffusers.AutoencoderKLFlux2(block_out_channels=EIGHT, norm_num_groups=4, layers_per_block=1)
    vae.bn.running_mean.normal_()
    vae.bn.running_var.uniform_(0.5, 2)
    return vae


def lightricks(**config: object) -> diffusers.AutoencoderKLLTXVideo:
    """Its statistics are not the zeros and ones of a fresh one."""
    vae = diffusers.AutoencoderKLLTXVideo(
        block_out_channels=EIGHT,
        decoder_block_out_channels=EIGHT,
        layers_per_block=ONES,
        decoder_layers_per_block=ONES,
        **config,
    )
    vae.latents_mean.normal_()
    vae.latents_std.uniform_(0.5, 2)
    return vae


def wan22() -> diffusers.AutoencoderKLWan:
    return diffusers.AutoencoderKLWan(
        base_dim=8,
        decoder_base_dim=8,
        z_dim=48,
        num_res_blocks=1,
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_spatial=16,
        latents_mean=torch.randn(48).tolist(),
        latents_std=torch.rand(48).add(0.5).tolist(),
    )


def sana() -> diffusers.AutoencoderDC:
    widths = (8, 8, 16, 16, 32, 32)
    return diffusers.AutoencoderDC(
        latent_channels=32,
        attention_head_dim=2,
        encoder_block_types=("ResBlock",) * 6,
        decoder_block_types=("ResBlock",) * 6,
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        encoder_layers_per_block=(1,) * 6,
        decoder_layers_per_block=(1,) * 6,
        encoder_qkv_multiscales=((),) * 6,
        decoder_qkv_multiscales=((),) * 6,
        scaling_factor=0.41407,
    )


def hunyuan_image() -> diffusers.AutoencoderKLHunyuanImage:
    return diffusers.AutoencoderKLHunyuanImage(
        in_channels=3,
        out_channels=3,
        latent_channels=64,
        block_out_channels=(32, 32, 32, 64, 64, 128),
        layers_per_block=1,
        spatial_compression_ratio=32,
        sample_size=384,
        scaling_factor=0.75289,
    )


def cogvideox(scaling_factor: float) -> diffusers.AutoencoderKLCogVideoX:
    return diffusers.AutoencoderKLCogVideoX(
        block_out_channels=EIGHT, layers_per_block=1, norm_num_groups=4, scaling_factor=scaling_factor
    )


def allegro() -> diffusers.AutoencoderKLAllegro:
    """Tiles of 24 frames of 128x128, 16 frames, 8 rows and 48 columns apart."""
    return diffusers.AutoencoderKLAllegro(
        block_out_channels=EIGHT, layers_per_block=1, norm_num_groups=4, sample_size=128
    )


BUILD: Final[dict[str, Callable[[], torch.nn.Module]]] = {
    "sd-v1": lambda: kl(4),
    "pixart-alpha": lambda: kl(4),
    "svd": lambda: diffusers.AutoencoderKLTemporalDecoder(
        down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=THIRTY_TWO
    ),
    "latte": lambda: kl(4),
    "sd-x4-upscaler": lambda: kl(4, scaling_factor=0.08333),
    **dict.fromkeys(
        ("sdxl", "pixart-sigma", "auraflow", "hunyuan-dit", "lumina-next", "omnigen", "kolors"),
        lambda: kl(4, scaling_factor=0.13025),
    ),
    "playground-2.5": lambda: kl(
        4, scaling_factor=0.5, latents_mean=[-1.6, 0.1, 0.6, -0.3], latents_std=[8.4, 5.7, 5.6, 5.4]
    ),
    "sd3": lambda: kl(16, scaling_factor=1.5305, shift_factor=0.0609),
    "cogview3-plus": lambda: kl(16, scaling_factor=1.0),
    "cogview4": lambda: kl(16, scaling_factor=1.0, shift_factor=0.0),
    **dict.fromkeys(("flux", "chroma", "longcat-image", "hidream", "lumina2", "z-image", "omnigen2"), flux),
    "kandinsky5-image": lambda: flux(shift_factor=None),
    "flux2": flux2,
    **dict.fromkeys(
        ("hunyuan-video", "kandinsky5-video"),
        lambda: diffusers.AutoencoderKLHunyuanVideo(
            block_out_channels=EIGHT, layers_per_block=1, norm_num_groups=4
        ),
    ),
    "hunyuan-video-1.5": lambda: diffusers.AutoencoderKLHunyuanVideo15(
        block_out_channels=(8, 8, 16, 32, 64), layers_per_block=1
    ),
    "hunyuan-image-2.1": hunyuan_image,
    "wan-2.1": lambda: diffusers.AutoencoderKLWan(base_dim=8, num_res_blocks=1),
    "wan-2.2": wan22,
    "qwen-image": lambda: diffusers.AutoencoderKLQwenImage(base_dim=8, num_res_blocks=1),
    "ltx-video": lightricks,
    "ltx-2": lambda: diffusers.AutoencoderKLLTX2Video(
        block_out_channels=(8, 16, 32, 64),
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=ONES,
        decoder_layers_per_block=ONES[:4],
    ),
    "cogvideox": lambda: cogvideox(1.15258426),
    "cogvideox-5b": lambda: cogvideox(0.7),
    "mochi": lambda: diffusers.AutoencoderKLMochi(
        encoder_block_out_channels=THIRTY_TWO, decoder_block_out_channels=THIRTY_TWO, layers_per_block=ONES
    ),
    "cosmos": lambda: diffusers.AutoencoderKLCosmos(
        encoder_block_out_channels=EIGHT, decode_block_out_channels=EIGHT, num_layers=1
    ),
    "allegro": allegro,
    "easyanimate": lambda: diffusers.AutoencoderKLMagvit(
        block_out_channels=EIGHT, layers_per_block=1, norm_num_groups=4
    ),
    "sana": sana,
    "stable-cascade": lambda: PaellaVQModel(bottleneck_blocks=1, embed_dim=16, num_vq_embeddings=16),
}


def build(model: str) -> torch.nn.Module:
    """The VAE of a family, with the same random weights each time."""
    torch.manual_seed(7)
    return BUILD[model]().eval()
