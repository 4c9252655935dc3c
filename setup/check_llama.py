"""Says whether the installed llama-cpp-python is the wanted version and runs on this processor.

llama.cpp is compiled for the processor it is built on, and pip keeps the wheel. A home directory
that moves to another machine may then bring a build with instructions that the processor lacks.

Usage: check_llama.py VERSION
Exit codes: 0 it is and it does, 1 another version or none, 3 another processor, 4 does not load.
"""

import importlib.metadata
import signal
import subprocess
import sys
from pathlib import Path

NOT_INSTALLED, OTHER_PROCESSOR, DOES_NOT_LOAD = 1, 3, 4
LOAD = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"
# Features beside these (OpenMP, repacking) are no instructions.
X86_FAMILIES = ("SSE", "AVX", "FMA", "F16C", "BMI", "AMX")
LINUX_NAMES = {"SSE3": "pni", "AVX512": "avx512f", "AVX512_VBMI": "avx512vbmi"}


def processor_flags() -> set[str] | None:
    """The instruction sets of this processor as Linux names them, None where it cannot be told."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((set(line.split()[2:]) for line in lines if line.startswith("flags")), None)


def installed_version() -> str | None:
    """The version of llama-cpp-python that is installed."""
    try:
        return importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        return None


def lacking(system_info: str) -> list[str]:
    """The instruction sets that the build uses and this processor lacks.

    `system_info` is llama.cpp's own, "CPU : SSE3 = 1 | AVX512_VNNI = 1 | ...".
    """
    flags = processor_flags()
    if flags is None:
        return []
    used = [
        part.replace("CPU :", "").split("=")[0].strip()
        for part in system_info.split("|")
        if part.strip().endswith("= 1")
    ]
    return [
        name
        for name in used
        if name.startswith(X86_FAMILIES) and LINUX_NAMES.get(name, name.lower()) not in flags
    ]


def main() -> int:
    """Check the build of the version on the command line."""
    if installed_version() != sys.argv[1]:
        return NOT_INSTALLED
    # In a process of its own: an instruction that the processor lacks ends the process.
    loaded = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True)
    if loaded.returncode == -signal.SIGILL:
        sys.stderr.write("llama-cpp-python uses instructions that this processor lacks\n")
        return OTHER_PROCESSOR
    if loaded.returncode != 0:
        sys.stderr.write(f"llama-cpp-python does not load:\n{loaded.stderr}\n")
        return DOES_NOT_LOAD
    if missing := lacking(loaded.stdout):
        sys.stderr.write(f"llama-cpp-python uses {', '.join(missing)}: not on this processor\n")
        return OTHER_PROCESSOR
    return 0


if __name__ == "__main__":
    sys.exit(main())
