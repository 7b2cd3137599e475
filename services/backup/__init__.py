"""The whole installation in one file, and back again (O5)."""
