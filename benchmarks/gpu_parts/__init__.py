"""The parts of `gpu.py`, the most valuable first: each a module here with `run(job)`, which notes what it finds."""

# name of the part -> most seconds of seven minutes that it may take
PARTS = {"self_check": 90, "steps": 110, "peers": 150, "seeds": 100, "hippocampus": 150, "one_case": 60}
