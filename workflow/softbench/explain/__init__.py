"""Where does a number come from: from a cell of a table to its runs, their cases, settings, data and circumstances."""
