"""What a reader is shown of a table, a file each: the table itself, statistics, ranks, costs and more."""
