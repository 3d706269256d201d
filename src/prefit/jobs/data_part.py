"""What a document says of its data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.data import LabelledData
from prefit.data.coding import coding_name
from prefit.data.distinct import Distinct
from prefit.documents.forecast import Conflict, Data

GROUPS, ROWS = 20, 10  # of coinciding inputs that are listed


def data_part(
    data: LabelledData,
    distinct: Distinct,
    Y: Matrix,
    indices: Indices | None,
    sphere: bool,
    notes: Sequence[str],
    coding: str | None = None,
) -> Data:
    """The data with the labels that the run is about.

    Y, indices   targets (n, c) of these labels, and the class of each example where there are classes
    sphere       inputs were put on the unit sphere
    notes        what else was done to them, beyond what their reader says
    coding       of the classes, where it is not the usual one
    """
    groups = conflict_groups(distinct, Y)
    classes = list(data.classes) if indices is not None else []
    real = "coded" if data.task == "classes" else data.task
    usual = coding_name(len(classes)) if classes else real
    return Data(
        source=data.source,
        name=data.name,
        n=data.train.n,
        d=data.train.d,
        classes=classes,
        class_counts=[] if indices is None else [int(c) for c in np.bincount(indices, minlength=len(classes))],
        chosen=dict(data.chosen),
        target_centre=data.target_centre,
        target_scale=data.target_scale,
        coding=coding or usual,
        prepared=data.prepared,
        bias=data.bias,
        sphere=sphere,
        labels=data.labels,
        label_noise=data.label_noise,
        test_n=0 if data.test is None else data.test.n,
        duplicates=distinct.merged,
        duplicate_groups=_duplicate_groups(data, distinct),
        conflicting_duplicates=sum(len(group) for group in groups),
        conflicts=[_conflict(data, Y, indices, group) for group in groups[:GROUPS]],
        notes=[*data.notes, *notes],
    )


def conflict_groups(distinct: Distinct, Y: Matrix) -> list[Indices]:
    """Examples that share a direction with another label, group by group."""
    conflicts = distinct.in_conflict(Y)
    if not conflicts.size:
        return []
    order = np.argsort(distinct.group, kind="stable")
    starts = np.searchsorted(distinct.group[order], np.arange(distinct.count + 1))
    return [order[starts[g] : starts[g + 1]] for g in conflicts]


def _duplicate_groups(data: LabelledData, distinct: Distinct) -> list[list[int]]:
    """Rows that coincide on the sphere, the first GROUPS groups, at most ROWS rows each."""
    repeated = np.flatnonzero(np.bincount(distinct.group) > 1)[:GROUPS]
    return [[int(r) for r in data.train.rows[np.flatnonzero(distinct.group == g)[:ROWS]]] for g in repeated]


def _conflict(data: LabelledData, Y: Matrix, indices: Indices | None, group: Indices) -> Conflict:
    shown = group[:ROWS]
    if indices is not None:
        labels = [data.classes[i] for i in indices[shown]]
    else:
        labels = [" ".join(f"{v:.6g}" for v in row) for row in Y[shown]]
    return Conflict(rows=[int(r) for r in data.train.rows[shown]], labels=labels)
