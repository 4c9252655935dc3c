"""The models' weights: what there is, where it comes from, and whether its bytes are right."""

from assistant.weights.catalogue import CATALOGUE, DEFAULTS, entry_of, find
from assistant.weights.hub import HUB_TIMEOUT, Hub
from assistant.weights.local import locate, not_here, status, verify
from assistant.weights.pull import pull
from assistant.weights.resolve import resolve_embedder, resolve_model
from assistant.weights.types import (
    HubSource,
    Member,
    PackageSource,
    Progress,
    Role,
    Weights,
    WeightsFile,
    WeightsStatus,
    Wheel,
)

__all__ = [
    "CATALOGUE",
    "DEFAULTS",
    "HUB_TIMEOUT",
    "Hub",
    "HubSource",
    "Member",
    "PackageSource",
    "Progress",
    "Role",
    "Weights",
    "WeightsFile",
    "WeightsStatus",
    "Wheel",
    "entry_of",
    "find",
    "locate",
    "not_here",
    "pull",
    "resolve_embedder",
    "resolve_model",
    "status",
    "verify",
]
