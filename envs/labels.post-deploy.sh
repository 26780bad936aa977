#!/usr/bin/env bash
# Builds GeodisTK, published as source only, in the environment that Snakemake has just made and activated.
# Its C++ uses a name that numpy 2 dropped; its setup wants numpy there, so no build isolation.
set -euo pipefail
export CFLAGS="${CFLAGS:-} -DNPY_IN_ARRAY=NPY_ARRAY_IN_ARRAY" CXXFLAGS="${CXXFLAGS:-} -DNPY_IN_ARRAY=NPY_ARRAY_IN_ARRAY"
python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps GeodisTK==0.1.7
python -c "import GeodisTK"
