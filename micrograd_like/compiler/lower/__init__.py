"""Lanes written as instructions over one long array of floats."""
