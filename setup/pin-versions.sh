#!/usr/bin/env bash
# Writes the versions that .venv holds to constraints.txt. Run it after a dependency was added.
#
# What pyproject.toml does not lead to is left out only if it is not installed: use a fresh .venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pins="$(mktemp)"
trap 'rm -f "$pins"' EXIT
{
    # A local label like +cpu names a build of the same version.
    .venv/bin/python -m pip freeze --all --exclude-editable | sed -E 's/\+[a-z0-9.]+$//'
    # The build of FAISS that is not installed here.
    grep -E '^faiss-(cpu|gpu)==' constraints.txt
} | sort --ignore-case --unique >"$pins"
{
    grep '^#' constraints.txt
    cat "$pins"
} >"$pins.new"
mv "$pins.new" constraints.txt
echo "constraints.txt pins $(grep -c '==' constraints.txt) distributions."
