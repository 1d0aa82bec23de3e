"""Horizon's speed beside its peers': `python -m experiments.bench`, or `make bench`."""
