"""Time, memory and throughput of decodes: `python bench.py --help`.

    python bench.py decode --models sd-v1 sdxl --sizes 512 1024 --batches 1 4 --dtype float16 --tiled both
    python bench.py serve --model sd-v1 --weights weights/taesd --size 512 --requests 64
    python bench.py page

`decode` measures the network and the way to uint8 on the device: of real weights, else of random ones in the
true architecture. `serve` measures a running server: one client that waits for each answer against many at
once, and compares every picture. `page` fills docs/gpu-benchmark.md.
"""

import sys

from benchmarks.command import main

if __name__ == "__main__":
    sys.exit(main())
