"""One file for each dialect of InvokeModel's body, and the choice among them."""
