"""Launchers hand groups of a sweep to processes; the store is the only truth."""
