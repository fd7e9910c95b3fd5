"""What is kept of a program's values, and in which form."""
