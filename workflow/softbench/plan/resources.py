"""Cluster resources of jobs that loop over cases; a profile overrides them under `set-resources`."""

CASES_MB, MADE_MB = 32000, 8000  # a whole CT for each of eight CPUs; a phantom
MINUTES = {"prepare": 240, "make": 60, "geodesic": 720, "slic": 240, "wrong_image": 720}
