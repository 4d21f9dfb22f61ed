"""What a learner may have done, as small programs over what is on the sheet: `sheet`, `grammar`, `search`."""
