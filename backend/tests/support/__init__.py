"""Helpers of the tests: servers, decoders, weights and data."""
