"""Weights by their name on the Hugging Face Hub, downloaded at start and never later."""

import os
import re
from pathlib import Path
from typing import Final

from vae_backend.errors import StartupError

HUB: Final = "hub:"
REFERENCE: Final = re.compile(r"hub:(\w[\w.-]*/\w[\w.-]*)((?:/\w[\w.-]*)*)(?:@(\w[\w./-]*))?")
FILES: Final = ("config.json", "*.safetensors")


def fetch(reference: str) -> Path:
    """The local folder of `hub:owner/name[/folder][@revision]`, from the Hub's cache or the Hub itself.

    Raises StartupError when it is in neither. A token is taken from where the Hub's own tools have it.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise StartupError(f"expected hub:owner/name[/folder][@revision], got {reference!r}")
    repository, folder, revision = match[1], match[2].strip("/"), match[3]
    # The library reads this once, when it is imported; everybody after us finds it offline again.
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "0"
    try:
        from huggingface_hub import constants, snapshot_download

        patterns = [f"{folder}/{name}" if folder else name for name in FILES]
        wanted = {"repo_id": repository, "revision": revision, "allow_patterns": patterns}
        try:
            root = snapshot_download(**wanted, local_files_only=True)
            if not (Path(root) / folder / "config.json").is_file():
                raise FileNotFoundError
        except Exception:  # noqa: BLE001 - whatever keeps the cache from having it, the Hub may
            root = snapshot_download(**wanted)
        constants.HF_HUB_OFFLINE = True
    except Exception as error:
        raise StartupError(f"cannot get {reference}: {type(error).__name__}") from error
    finally:
        os.environ["HF_HUB_OFFLINE"] = before or "1"
    return Path(root) / folder
