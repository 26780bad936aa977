"""What do the papers print and claim, and do we agree: printed numbers, ours beside them, and claims as tests."""
