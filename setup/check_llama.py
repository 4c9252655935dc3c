"""Says whether the installed llama-cpp-python is the wanted version and runs on this processor.

llama.cpp is compiled for the processor it is built on, and pip keeps the wheel. A home directory
that moves to another machine may then bring a build with instructions that the processor lacks.

Usage: check_llama.py [--explain] VERSION        (exit code 0: it is and it does)
"""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

LOAD = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"


def processor_flags() -> set[str] | None:
    """The instruction sets of this processor as Linux names them, None where it cannot be told."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((set(line.split()[2:]) for line in lines if line.startswith("flags")), None)


def unsuitable(version: str) -> str | None:
    """Why the installed build cannot be used; None when it can."""
    try:
        installed = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        return "llama-cpp-python is not installed"
    if installed != version:
        return f"llama-cpp-python {installed} is installed, not {version}"
    # In a process of its own: an instruction that the processor lacks ends the process.
    loaded = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True)
    if loaded.returncode != 0:
        return f"it does not load (exit code {loaded.returncode}): {loaded.stderr[-400:].strip()}"
    flags = processor_flags()
    if flags is None:
        return None
    # "... | CPU : SSE3 = 1 | AVX512_VNNI = 1 | ..."; features that are no x86 flag are left alone.
    x86 = ("SSE", "AVX", "FMA", "F16C", "BMI", "AMX")
    compiled = [
        part.replace("CPU :", "").split("=")[0].strip()
        for part in loaded.stdout.split("|")
        if part.strip().endswith("= 1")
    ]
    linux_names = {"sse3": "pni", "avx512": "avx512f", "avx512_vbmi": "avx512vbmi"}
    missing = [
        name
        for name in compiled
        if name.startswith(x86) and linux_names.get(name.lower(), name.lower()) not in flags
    ]
    return f"it was compiled for a processor with {', '.join(missing)}" if missing else None


def main() -> int:
    """Check the build of the version on the command line."""
    reason = unsuitable(sys.argv[-1])
    if reason and "--explain" in sys.argv:
        sys.stderr.write(reason + "\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
