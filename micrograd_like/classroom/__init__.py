"""What a lecturer hands out and takes back: assignments, questions for an LMS, paper, and the page of a class."""
