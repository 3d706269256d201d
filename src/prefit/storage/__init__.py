"""What a long run leaves on disk so that it can go on: facts and arrays, written whole, verified when read."""

from prefit.storage.keeper import Forgetful, Keeper, Saved

__all__ = ["Forgetful", "Keeper", "Saved"]
