"""What engines share: how rows, frames, sums and terms look, whoever keeps them. Pure."""
