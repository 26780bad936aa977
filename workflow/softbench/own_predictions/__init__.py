"""How good are predictions that another tool made: files in, the scores, tables and diagrams of the workflow out."""
