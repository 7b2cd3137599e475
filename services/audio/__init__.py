"""Telephone sound: G.711 mu-law. Pure."""
