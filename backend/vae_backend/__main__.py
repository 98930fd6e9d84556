"""`python -m vae_backend` is the same program as the `vae-backend` command."""

import sys

from vae_backend.cli import main

sys.exit(main())
