"""Both passes as steps: to read, to touch and to explain."""
