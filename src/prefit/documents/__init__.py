"""Result documents: pydantic models at the boundary, one schema for JSON, docs and validation."""

from prefit.documents.forecast import Forecast
from prefit.documents.model import Document, Interval

__all__ = ["Document", "Forecast", "Interval"]
