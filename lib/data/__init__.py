"""Real data sets, one a file."""
