"""Serving: the line of requests, batches, memory and what is told of them."""
