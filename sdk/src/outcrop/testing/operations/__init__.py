"""One file for each operation of the runtime endpoint, and the table that finds them."""
