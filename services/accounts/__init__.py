"""Businesses and the people who log in."""
