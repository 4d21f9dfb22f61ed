"""A program as equations to read."""
