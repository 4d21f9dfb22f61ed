"""What a function does with its numbers, recorded: the graph, and each decision taken from a number."""
