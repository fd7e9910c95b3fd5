"""Where spans are kept: the contract (`api`) and the engines beside it."""
