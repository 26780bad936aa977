"""What stands behind a table: statistics of each difference, ranks, and whether metrics agree."""
