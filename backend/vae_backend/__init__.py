"""Reference VAE decoder for the remote_decode protocol.

Nothing is fetched unasked: the hub libraries are put into offline mode before anything imports them,
so a mistyped path can never turn into a download.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
