"""Public names of a package, imported when they are first used (PEP 562).

`import assistant` and `assistant --help` stay instant although the names stand for numpy and more.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__`: each name of `modules` is looked up in the module it names."""

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name in modules:
            return getattr(import_module(modules[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__
