#!/usr/bin/env bash
# Installs what the browser tests need from the system: a Chromium. Does nothing where there is one.
#
# As root on a system with apt-get it is installed; elsewhere the script says what is missing, and
# the browser tests are skipped with that reason.
set -euo pipefail

for browser in chromium chromium-browser google-chrome; do
    if command -v "$browser" >/dev/null 2>&1; then
        exit 0
    fi
done

if [[ "$(id -u)" -ne 0 ]] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need Chromium, which is not installed: they will be skipped."
    echo "On Debian: sudo apt-get install chromium"
    exit 0
fi

echo "==> Installing Chromium for the browser tests"
export DEBIAN_FRONTEND=noninteractive
apt-get -o Acquire::Retries=3 -qq update
apt-get -o Acquire::Retries=3 -qq install --yes --no-install-recommends chromium fonts-dejavu-core
