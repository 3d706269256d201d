"""What is told where torch is not installed: the core does without it."""

from __future__ import annotations

from prefit.errors import InputError


def without_torch(what: str) -> InputError:
    return InputError(
        f"{what} needs torch, which is not installed. Install the extra: pip install 'prefit[torch]' (on a machine "
        "without CUDA the smaller build of https://download.pytorch.org/whl/cpu will do)."
    )
