"""Options and a folder come in; figures of the papers and validation studies, their numbers and tables, go out."""

from prefit.experiments.options import StudyOptions
from prefit.experiments.registry import STUDIES, reproduce
from prefit.experiments.study import Findings, Study

__all__ = ["STUDIES", "Findings", "Study", "StudyOptions", "reproduce"]
