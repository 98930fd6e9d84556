"""Frames to an H.264 mp4 file, piece by piece."""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

# A fixed number of threads: x264's choices depend on it, and the same latents must give the same file.
X264: Final = {"crf": "18", "preset": "veryfast", "threads": "2"}
BT709: Final = 1


# Written so that nothing has to be changed in what was sent: an index in front, then fragments.
STREAMED: Final = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


class Sink(io.RawIOBase):
    """A file that can only be appended to, and whose bytes are taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, part: Any) -> int:
        """Keeps a copy of `part`, whose memory belongs to the muxer."""
        self._parts.append(bytes(part))
        return len(part)

    def take(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def encode_mp4(frames: np.ndarray, fps: int) -> Iterator[bytes]:
    """`[F, H, W, 3]` uint8 with even H and W as the pieces of an mp4 file, yuv420p, BT.709 and tagged as
    such.

    Nothing is encoded before a piece is asked for, so a client that leaves ends the work.
    """
    _, height, width, _ = frames.shape
    sink = Sink()
    with av.open(sink, mode="w", format="mp4", options=STREAMED) as container:
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
            if piece := sink.take():
                yield piece
        container.mux(stream.encode())
    if piece := sink.take():
        yield piece
