"""Files and arrays come in; `LabelledData`, checked and selected, goes out."""

from prefit.data.labelled import LabelledData, Split
from prefit.data.load import from_arrays, load

__all__ = ["LabelledData", "Split", "from_arrays", "load"]
