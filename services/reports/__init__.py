"""Calls, customers and appointments as pages and files show them."""
