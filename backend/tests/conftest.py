"""Shared by all tests: few threads, because test machines are shared too."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "2")

import torch

torch.set_num_threads(2)
