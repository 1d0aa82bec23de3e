"""What a model or a task must keep to before anything trains, each broken property
with the smallest example that shows it.
"""
