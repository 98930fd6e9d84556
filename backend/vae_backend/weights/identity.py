"""Which weights these are: a name for people and a hash that cannot be mistaken."""

import hashlib
import re
from pathlib import Path
from typing import Final

# Enough to tell any two apart that an operator ever meets, and short enough for a header.
HASH_DIGITS: Final = 16
UNFIT: Final = re.compile(r"[^\w./-]+")


def identify(name: str, path: Path) -> str:
    """`name@sha256:0123456789abcdef` over every safetensors file of `path`, in the order of their names."""
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    if path.is_file() and path.name == "decoder.safetensors":
        files = sorted(path.parent.glob("*coder.safetensors"))
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return f"{UNFIT.sub('-', name)[:80]}@sha256:{digest.hexdigest()[:HASH_DIGITS]}"
