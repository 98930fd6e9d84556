"""Pipelines that are real but for their size and their random weights, and have no VAE."""

import torch
from diffusers import (
    DDIMScheduler,
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

EMBEDDING = 32
WORDS = 8
SIZES = 8


def embeddings(prompt: str, *shape: int) -> torch.Tensor:
    """What a text encoder would say of the prompt: the same each time, and something else for another."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(prompt.encode())))


def tiny_unet(**more: object) -> UNet2DConditionModel:
    """Stable Diffusion's, with random weights that are the same each time; `more` is what a family adds."""
    torch.manual_seed(17)
    return UNet2DConditionModel(
        block_out_channels=(4, 8),
        layers_per_block=1,
        norm_num_groups=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=EMBEDDING,
        attention_head_dim=2,
        **more,
    )


def run(
    pipeline: DiffusionPipeline, prompt: str, height: int, width: int, **embedded: torch.Tensor
) -> torch.Tensor:
    """Latents of two steps in diffusion space; `embedded` is what a family takes beside the prompt."""
    return pipeline(
        prompt_embeds=embeddings(prompt, 1, WORDS, EMBEDDING),
        height=height,
        width=width,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(5),
        output_type="latent",
        **embedded,
    ).images


class TinyStableDiffusion:
    """Called as the pipeline is, with a prompt."""

    def __init__(self) -> None:
        unet = tiny_unet()
        self._pipeline = StableDiffusionPipeline(
            vae=None,
            text_encoder=None,
            tokenizer=None,
            unet=unet,
            scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def __call__(self, prompt: str, height: int, width: int) -> torch.Tensor:
        """[1, 4, height/8, width/8] in diffusion space."""
        return run(
            self._pipeline,
            prompt,
            height,
            width,
            negative_prompt_embeds=embeddings("", 1, WORDS, EMBEDDING),
        )


class TinyStableDiffusionXL:
    """The same of SDXL, which is told sizes and a second embedding."""

    def __init__(self) -> None:
        unet = tiny_unet(
            addition_embed_type="text_time",
            addition_time_embed_dim=SIZES,
            projection_class_embeddings_input_dim=6 * SIZES + EMBEDDING,
        )
        self._pipeline = StableDiffusionXLPipeline(
            vae=None,
            text_encoder=None,
            tokenizer=None,
            text_encoder_2=None,
            tokenizer_2=None,
            unet=unet,
            scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
            add_watermarker=False,
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def __call__(self, prompt: str, height: int, width: int) -> torch.Tensor:
        """[1, 4, height/8, width/8] in diffusion space."""
        return run(
            self._pipeline,
            prompt,
            height,
            width,
            negative_prompt_embeds=embeddings("", 1, WORDS, EMBEDDING),
            pooled_prompt_embeds=embeddings(prompt, 1, EMBEDDING),
            negative_pooled_prompt_embeds=embeddings("", 1, EMBEDDING),
        )


class TinyFlux:
    """The same of Flux, whose latents are packed."""

    def __init__(self) -> None:
        torch.manual_seed(17)
        transformer = FluxTransformer2DModel(
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=EMBEDDING,
            pooled_projection_dim=EMBEDDING,
            axes_dims_rope=(4, 4, 8),
        )
        self._pipeline = FluxPipeline(
            vae=None,
            text_encoder=None,
            tokenizer=None,
            text_encoder_2=None,
            tokenizer_2=None,
            transformer=transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(),
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def __call__(self, prompt: str, height: int, width: int) -> torch.Tensor:
        """[1, (height/16)(width/16), 64] in diffusion space."""
        return run(
            self._pipeline,
            prompt,
            height,
            width,
            pooled_prompt_embeds=embeddings(prompt, 1, EMBEDDING),
        )
