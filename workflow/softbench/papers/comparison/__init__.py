"""A paper's table with ours beside the printed numbers: blocks, cells, the rule that judges them, and its sheet."""
