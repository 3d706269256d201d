"""What a long run leaves on disk so that it can go on: facts and arrays, written whole, verified when read."""

from prefit.storage.files import sha256_of, write_whole
from prefit.storage.folder import FolderKeeper, resumable
from prefit.storage.keeper import Forgetful, Keeper, Saved, Within
from prefit.storage.manifest import Manifest

__all__ = [
    "FolderKeeper",
    "Forgetful",
    "Keeper",
    "Manifest",
    "Saved",
    "Within",
    "resumable",
    "sha256_of",
    "write_whole",
]
