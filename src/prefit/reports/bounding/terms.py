"""The named terms of a bound in words, as its page of the docs has them in symbols."""

from __future__ import annotations

from prefit.documents.bounds import BoundRow

WORDS = {  # of terms that mean the same in every row that has them, but for those below
    # Losses
    "loss": "mean ramp loss on the sample at this margin",
    "ramp_loss": "mean ramp loss on the sample at this margin",
    "margin_loss": "portion of the sample at or below the margin",
    "margin_error": "portion of the sample below the margin",
    "error": "error on the sample",
    "training_error": "error of the random network on the sample, upper end",
    "counted_error": "the same as counted over the draws",
    # What richness and confidence cost
    "complexity": "richness of the class of networks",
    "tail": "confidence, with what was chosen on the sample",
    "union": "price of what was chosen on the sample, part of the tail",
    "stability": "what another example would change in the loss, at most",
    "divergence": "of the random network from its prior",
    "kl": "of the noisy network from its prior",
    "prior_choice": "price of the prior's variances",
    "logarithm": "confidence",
    "stopped": "the bound, least over stopping times and multiples",
    "converged": "the bound at convergence",
    "leading": "leading term at convergence",
    "lambda_0": "least eigenvalue that the distribution was said to have",
    "order": "second term, its constant taken as 1",
    "near": "second term: distance from the start",
    "linearization": "third term: error of the linearization",
    "linear": "richness of the linearized networks",
    "as_printed": "the bound with the paper's larger logarithm",
    "on_average": "loss and stability at margin 1: bounds the mean over samples",
    "theorem_4_1_order": "what Theorem 4.1 would give, constants taken as 1",
    # Margins, norms, distances
    "margin": "best margin on its grid",
    "normalized_margin": "margin over norm, to the power D",
    "spectral": "spectral norms with distances from the start",
    "norms": "product of the matrices' Frobenius norms",
    "norm": "length of all weights together",
    "ratio": "norms over the margin, on its grid",
    "data_norm": "length of all inputs together",
    "length": "of the longest input",
    "slope": "of the margin in the outputs",
    "moved": "how far the units moved, weighted",
    "resting": "what the units give at the start; 0 if the outputs were not trained",
    "fineness": "of the grids: quanta a unit",
    "R": "farthest neuron's movement, rounded up",
    "R_measured": "farthest neuron's movement, as measured",
    "B": "movement of all weights, rounded up",
    "B_measured": "movement of all weights, as measured",
    "tau": "largest movement of a layer, rounded up",
    "tau_measured": "the same as measured",
    "T": "movement of all layers together, rounded up",
    "E1": "from neurons that change sides, one by one",
    "E2": "from neurons that change sides, together",
    "I1": "what is not linear, at most",
    "I2": "richness of the linearized networks",
    "I2_layers": "richness of the linearized networks, layer by layer",
    "I2_joint": "richness of the linearized networks, all layers together",
    "jacobian": "largest spectral norm of the Jacobian on the sample",
    "M": "norm that the conjugate kernel needs for the labels",
    "G": "no gradient of an output is longer",
    "by_margin": "form by the hard margin",
    "by_labels": "form by the labels",
    "contraction": "most that a ReLU shortens a layer's outputs",
    # Counts
    "n": "examples",
    "examples": "whose labels are to be fitted",
    "m": "least width of a hidden layer",
    "p": "largest width, of inputs and outputs too",
    "width": "largest width, of inputs and outputs too",
    "D": "matrices",
    "L": "hidden layers",
    "layers": "matrices, the output's among them",
    "parameters": "trained weights",
    "steps": "that were made",
    "step": "stopped at",
    "step_size": "of every step",
    "multiple": "of the predictor",
    "draws": "random networks, on one example each",
    "signs": "that the compressed network is made of",
    "nats": "of the signs, of what was chosen and of confidence",
    "vc_dimension": "upper end, for comparison",
    "log_labellings": "logarithm of the labellings that the class can give, upper end",
    "log(1/probability)": "of drawing a network that fits",
}
OF_ROWS = {
    ("arora2018", "error"): "error of the compressed network on the sample",
    ("arora2019_paper", "tail"): "confidence, with the N norms that it is shared among",
    ("arora2019_paper", "width"): "5/√n: for the loss, the norm rounded up and a finite width",
    ("bartlett2017", "spectral"): "spectral norms with distances from the start, on their grids",
    ("bartlett2017_prior", "margin"): "best margin, taken as known before the sample",
    ("bartlett2017_prior", "tail"): "confidence alone",
    ("caogu2019", "L"): "layers, the output's among them",
    ("caogu2020", "complexity"): "I1 and I2 over the margin",
    ("caogu2020", "loss"): "2 E_S(f/γ): twice the surrogate loss at this margin",
    ("caogu2020_measured", "I1"): "what is not linear, seen at this network alone",
    ("caogu2020_measured", "complexity"): "I1 and the smaller I2 over the margin",
    ("caogu2020_measured", "loss"): "2 E_S(f/γ): twice the surrogate loss at this margin",
    ("caogu2020_order", "loss"): "2 E_S: twice the surrogate loss, at no margin",
    ("caogu2020_order", "tau"): "largest movement of a layer, for output weights ±1",
    ("dziugaite2017", "B"): "divergence, prior_choice and logarithm over n",
    ("hardt2016", "loss"): "mean ramp loss of the linearized network at this margin",
    ("harvey2017", "tail"): "confidence alone",
    ("li2018", "margin"): "margin of the least sum; an order pays for no grid",
    ("neyshabur2018", "complexity"): "root of kl, union and confidence over n",
    ("neyshabur2018", "spectral"): "product of the matrices' spectral norms",
    ("neyshabur2018", "union"): "price of what was chosen on the sample, part of the complexity",
    ("wei2019", "margin"): "smallest margin of the sample",
}
NUMBERED = {
    "cushion": "of layer {}: its least output over what norms allow",
    "between": "cushion of layer {} for itself and those after it",
}


def meaning(row: BoundRow, name: str) -> str:
    """What a term is, in a few words; empty where nothing is known of it."""
    known = OF_ROWS.get((row.name, name), WORDS.get(name))
    if known is not None:
        return known
    stem, _, layer = name.rpartition("_")
    return NUMBERED[stem].format(layer) if stem in NUMBERED else ""


def heading(row: BoundRow) -> str:
    """What is behind the row: its terms, and how many of its assumptions are met."""
    parts = ["Terms"] if row.terms else []
    if row.assumptions:
        met, asked = sum(one.met for one in row.assumptions), len(row.assumptions)
        parts.append(f"assumptions: {'all' if met == asked else met} {'' if met == asked else 'of '}{asked} met")
    told = "; ".join(parts)
    return f"{told[:1].upper()}{told[1:]}"
