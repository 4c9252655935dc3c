#!/usr/bin/env bash
# Makes .venv and installs the project into it, each version as constraints.txt pins it.
#
#   setup/environment.sh EXTRAS      EXTRAS: cpu | gpu | cpu,dev | gpu,dev
#
# Every step that finished is recorded in .venv/.setup, so a second run returns at once and an
# interrupted one goes on where it stopped. PYTHON names the interpreter to use (3.11 or newer).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

extras="${1:?usage: setup/environment.sh cpu|gpu|cpu,dev|gpu,dev}"
case "$extras" in
    cpu | gpu | cpu,dev | gpu,dev) ;;
    *)
        echo "environment.sh: unknown extras '$extras' (cpu, gpu, cpu,dev or gpu,dev)." >&2
        exit 2
        ;;
esac

venv=.venv
records="$venv/.setup"
export PIP_RETRIES="${PIP_RETRIES:-10}"
export PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_NO_INPUT=1

say() { printf '\n==> %s\n' "$*"; }

fail() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

recent_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    if [[ -n "${PYTHON:-}" ]]; then
        command -v "$PYTHON" >/dev/null 2>&1 ||
            fail "There is no Python interpreter '$PYTHON'." "Set PYTHON to a Python 3.11 or newer."
        recent_enough "$PYTHON" ||
            fail "$PYTHON is $("$PYTHON" --version 2>&1), and Python 3.11 or newer is needed." \
                "Say where one is: make PYTHON=/path/to/python3.11 ..."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if recent_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and none was found (python3 is $(python3 --version 2>&1 || echo missing))." \
        "Install one, or say where it is: make PYTHON=/path/to/python3.11 ..."
}

# What the installed set depends on. The processor counts because llama.cpp is compiled for it.
fingerprint() {
    {
        cat pyproject.toml constraints.txt setup/llama.cmake setup/environment.sh
        grep -m1 '^flags' /proc/cpuinfo 2>/dev/null || uname -m
        "$venv/bin/python" --version
        pwd
    } | cksum
}

record_of() { echo "$records/$1"; }

recorded() {
    [[ -f "$(record_of "$1")" && "$(cat "$(record_of "$1")")" == "$2" ]]
}

make_venv() {
    local python
    if "$venv/bin/python" -m pip --version >/dev/null 2>&1 && recent_enough "$venv/bin/python"; then
        return
    fi
    python="$(find_python)"
    say "Making the environment $venv with $("$python" --version 2>&1)"
    "$python" -m venv --clear "$venv" ||
        fail "$python cannot make a virtual environment." \
            "On Debian and Ubuntu: apt-get install python3-venv"
}

# No wheel of llama-cpp-python is published, so it is compiled here, unless pip has kept one that
# it built before.
install_llama() {
    local pin version state=0
    pin="$(grep -i '^llama[-_]cpp[-_]python==' constraints.txt)"
    version="${pin##*==}"
    check_llama "$version" || state=$?
    if [[ $state -eq 0 ]]; then
        return
    fi
    if [[ $state -eq $other_processor ]]; then
        forget_llama "$version"
    fi
    if [[ -z "$(kept_llama "$version")" ]] && ! command -v "${CXX:-c++}" >/dev/null 2>&1; then
        fail "The language model's engine (llama-cpp-python) is compiled on this machine, and there is no C++ compiler." \
            "On Debian and Ubuntu: apt-get install g++; on Fedora: dnf install gcc-c++; on macOS: xcode-select --install." \
            "Then run the same command again."
    fi
    say "Installing the language model's engine ($pin; compiling it takes two to six minutes)"
    build_llama "$pin"
    state=0
    check_llama "$version" || state=$?
    if [[ $state -eq $other_processor ]]; then
        say "The build that pip had kept is for another processor: compiling it anew"
        forget_llama "$version"
        build_llama "$pin"
        state=0
        check_llama "$version" || state=$?
    fi
    if [[ $state -ne 0 ]]; then
        fail "llama-cpp-python is installed, but it cannot be used: the lines above say why."
    fi
}

# What check_llama.py ends with when the build has instructions that this processor lacks.
other_processor=3

check_llama() { "$venv/bin/python" setup/check_llama.py "$1"; }

kept_llama() {
    "$venv/bin/python" -m pip cache list --format=abspath "llama_cpp_python-$1" 2>/dev/null || true
}

forget_llama() {
    "$venv/bin/python" -m pip uninstall --yes llama-cpp-python
    "$venv/bin/python" -m pip cache remove "llama_cpp_python-$1*" || true
}

build_llama() {
    # Build arguments of the user's are not part of the name under which pip keeps a wheel.
    CMAKE_ARGS="-DCMAKE_PROJECT_INCLUDE=$PWD/setup/llama.cmake -DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF ${CMAKE_ARGS:-}" \
        "$venv/bin/python" -m pip install ${CMAKE_ARGS:+--no-cache-dir} -c constraints.txt "$1" ||
        fail "llama-cpp-python could not be installed: pip's lines above say why." \
            "Compiling it needs a C++ compiler, and network access to the package index."
}

# The two builds of FAISS hold the same files, so the other one goes first.
leave_out_other_faiss() {
    local other=faiss-gpu
    [[ "$extras" == gpu* ]] && other=faiss-cpu
    if "$venv/bin/python" -m pip show --quiet "$other" >/dev/null 2>&1; then
        say "Taking out $other, which excludes the build that '$extras' asks for"
        "$venv/bin/python" -m pip uninstall --yes faiss-cpu faiss-gpu
    fi
}

if [[ -x "$venv/bin/python" ]]; then
    wanted="$(fingerprint)"
    # What a development environment holds is enough to run.
    if recorded "$extras" "$wanted" || recorded "$extras,dev" "$wanted"; then
        exit 0
    fi
fi

make_venv
wanted="$(fingerprint)"
mkdir -p "$records"

if ! recorded pip "$wanted"; then
    say "Bringing pip up to date"
    "$venv/bin/python" -m pip install --quiet --upgrade -c constraints.txt pip ||
        fail "pip could not reach the package index: its lines above say why." \
            "Check the network (and PIP_INDEX_URL or pip's configuration), then run the same command again."
    echo "$wanted" >"$(record_of pip)"
fi

leave_out_other_faiss
install_llama

say "Installing CV Assistant with '$extras' (2 GB and more on the first run)"
"$venv/bin/python" -m pip install -c constraints.txt -e ".[$extras]" ||
    fail "The installation did not finish: pip's lines above say why." \
        "What was downloaded is kept: run the same command again to go on."

case "$extras" in
    cpu*) rm -f "$(record_of gpu)" "$(record_of gpu,dev)" ;;
    gpu*) rm -f "$(record_of cpu)" "$(record_of cpu,dev)" ;;
esac
echo "$wanted" >"$(record_of "$extras")"
say "The environment is ready: $venv"
