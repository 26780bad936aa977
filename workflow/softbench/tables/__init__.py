"""What does a table say: means with their spread, differences, ranks, and what stands behind them."""
