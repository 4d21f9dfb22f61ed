"""Both passes as steps: to read, to touch, to get wrong on purpose, and to explain."""
