#!/usr/bin/env bash
# Builds MedPy, published as source only, in the environment that Snakemake has just made and activated.
# Its setup needs setuptools before 81, which the environment holds, so no build isolation.
set -euo pipefail
python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps MedPy==0.5.2
python -c "from medpy.metric import binary"
