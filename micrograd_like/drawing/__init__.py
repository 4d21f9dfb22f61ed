"""Pictures: a graph laid out and drawn, a large one folded first; curves, networks and landscapes."""
