"""The errors a user can cause, told in one paragraph."""


class InputError(ValueError):
    """Input that prefit cannot accept: what was found, where, what must hold, what to do.

    The command line prints its text and ends with exit code 2; the library raises it.
    """


class TooLarge(InputError):
    """What was asked does not fit the memory; with fewer examples it would."""
