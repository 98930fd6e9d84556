"""Benchmarks: decodes by themselves, a server under load, and the page that holds what was measured."""
