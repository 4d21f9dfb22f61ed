"""A program in the arrays of another library."""
