"""What a person sees and touches: pages, notebook views, the terminal."""
