"""Generated tasks, one a file."""
