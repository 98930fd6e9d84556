"""Frames to an H.264 mp4 file in memory."""

import io
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

# A fixed number of threads: x264's choices depend on it, and the same latents must give the same file.
X264: Final = {"crf": "18", "preset": "veryfast", "threads": "2"}
BT709: Final = 1


def encode_mp4(frames: np.ndarray, fps: int) -> bytes:
    """`[F, H, W, 3]` uint8 with even H and W to a whole mp4 file, yuv420p, BT.709 and tagged as such."""
    _, height, width, _ = frames.shape
    file = io.BytesIO()
    with av.open(file, mode="w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options=X264)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = ColorRange.MPEG
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            # Untagged video is guessed as BT.601 or BT.709 by its size; saying so keeps colours right.
            frame = frame.reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()
