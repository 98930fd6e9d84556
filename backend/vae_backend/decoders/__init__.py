"""Decoders: one protocol, one file for each kind of VAE behind it."""
