"""What a reader is shown of a paper's table, a file each."""
