#!/bin/sh
# Installs all packages of the suite in an image of python:3.11-slim-bookworm; the recipes beside this file call it.
# The suite's own code stays outside: jobs run that of the checkout which is mounted, never an older copy.
set -eu
here=$(dirname "$0")

apt-get update
apt-get install --yes --no-install-recommends g++ git # GeodisTK is C++, torch.compile compiles; git names the commit
rm -rf /var/lib/apt/lists/*
git config --system --add safe.directory '*' # a mounted checkout belongs to somebody else

# A folder /wheels, if mounted while building, goes first: with a CPU build of torch in it the image has no CUDA.
if [ -d /wheels ]; then export PIP_FIND_LINKS=/wheels; fi
export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
python -m venv /opt/softlabelbench
pip="/opt/softlabelbench/bin/python -m pip install"
$pip -r "$here/envs/build.txt"
$pip -r "$here/envs/requirements.txt"
export CFLAGS=-DNPY_IN_ARRAY=NPY_ARRAY_IN_ARRAY CXXFLAGS=-DNPY_IN_ARRAY=NPY_ARRAY_IN_ARRAY
$pip --no-build-isolation --no-deps -r "$here/envs/source-builds.txt"

cat > /opt/softlabelbench/bin/softbench <<'SCRIPT'
#!/bin/sh
# The command of the checkout that one stands in.
PYTHONPATH="$PWD/workflow${PYTHONPATH:+:$PYTHONPATH}" exec /opt/softlabelbench/bin/python -m softbench "$@"
SCRIPT
chmod +x /opt/softlabelbench/bin/softbench
