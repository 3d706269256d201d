"""Where a statement stands: what every check, bound and requirement names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a statement stands: as the paper prints its number."""

    authors: str  # "Arora, Du, Hu, Li, Wang"
    year: int
    number: str  # "Theorem 4.1", "Lemma C.3", or "our derivation"
    reference: str  # "arXiv:1901.08584", or the page in docs/
