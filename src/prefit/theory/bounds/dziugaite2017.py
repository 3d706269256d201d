"""Dziugaite & Roy 2017: a random network around the trained one, optimized until its PAC-Bayes bound is small."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefit.errors import InputError
from prefit.theory.bounds.gaussians import Posterior, Prior
from prefit.theory.bounds.inverse_kl import inverse_kl
from prefit.theory.bounds.margins import drawn_start, sampling, unfit
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

COUNTING = 0.1  # share of δ for the errors counted of the random network, our choice
DRAWS = 200_000  # random networks that are drawn at least to count them, our choice
STEPS = 1000  # of the optimization, for up to 4 million random weights; our choice
WORK = 4e9  # steps times random weights beyond them, some two minutes on two cores
LEAST_STEPS = 100
LARGEST = 1e15  # of what enters a layer, whose squares are summed in float32
LEAST_EXAMPLES = 8  # ξ(n) ≤ 2√n (docs/proofs.md P22)
STEP_SECONDS = (4e-3, 6e-8)  # of a step, and of each random weight in it; nominal rates of two cores
DRAW_SECONDS = (1.5e-5, 7e-11)  # of a network drawn for an example, the same

BOUND = Bound(
    name="dziugaite2017",
    title="Dziugaite, Roy 2017: PAC-Bayes, the posterior optimized",
    source=Source("Dziugaite, Roy", 2017, "§3 and §4, our constants", "docs/proofs.md P22"),
    formula="kl⁻¹(training_error | B), B = (divergence + prior_choice + ln(2√n/δ'))/n, "
    "training_error = kl⁻¹(counted_error | ln(1/δ'')/draws), δ' = 0.9 δ, δ'' = 0.1 δ",
    of="a random network optimized for this bound",
    kind="derived",
    value=None,
)


def dziugaite2017(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """Error of a network drawn anew for every input from Q = N(w, diag s) over the trained weights (arXiv:1703.11008).

    P = N(w(0), λ_l I) in layer l, w(0) the start. w, s and λ are found by descent on the bound itself: from the trained
    weights, the start, or half-way, whichever begins lower; so what memorized noise is given up. The paper has one λ, a
    grid of its own, n − 1 for n, and 150,000 draws of all weights where every example here has a draw of its own. One
    thousand steps by default: the options dziugaite2017.steps and .seconds change it.
    """
    prior = Prior.of(subject.net)
    asked = _asked(subject, prior)
    row = replace(BOUND, assumptions=asked)
    reason = unfit(subject)
    if reason:
        return row.without(reason)
    if not all(one.met for one in asked):
        return row
    if _largest(subject) > LARGEST:
        return row.without(f"what enters a layer is below {LARGEST:.0e}, whose squares float32 sums")
    try:
        from prefit.theory.bounds.posterior import Effort, count_errors, optimized
    except InputError:
        return row.without("torch is installed: pip install 'prefit[torch]'")
    effort = Effort(*effort_of(subject, prior))
    logarithm = confidence(subject.n, subject.delta)
    posterior = optimized(subject, prior, effort, logarithm, lambda portion: progress(0.8 * portion))
    passes = math.ceil(DRAWS / subject.n)
    errors = count_errors(subject, posterior, passes, lambda portion: progress(0.8 + 0.2 * portion))
    found = certificate(errors, passes * subject.n, posterior, prior, subject.n, subject.delta)
    return replace(row, value=found.value, terms=found.terms, comment=_comment(found))


def _largest(subject: Subject) -> float:
    """No input of a layer is longer, before or after training."""
    largest = 0.0
    for norms in (subject.net.spectral_norms, subject.net.start_spectral_norms):
        largest = max(largest, math.prod(max(1.0, norm) for norm in norms))
    return largest * float(subject.lengths.max())


@dataclass(frozen=True)
class Certificate:
    """The bound and its terms, of one posterior."""

    value: float
    terms: dict[str, float]


def certificate(errors: int, draws: int, posterior: Posterior, prior: Prior, n: int, delta: float) -> Certificate:
    """What holds of a posterior with probability ≥ 1 − δ, however it was found (docs/proofs.md P22).

    errors, draws   training errors counted over so many independent draws of the network, each on one example, every
                    example equally often
    """
    counted = errors / draws
    training = inverse_kl(counted, math.log(1.0 / (COUNTING * delta)) / draws)
    divergence, choice = posterior.divergence(prior), prior.cost(posterior.chosen)
    logarithm = confidence(n, delta)
    B = (divergence + choice + logarithm) / n
    value = inverse_kl(training, B)
    terms = {"training_error": training, "counted_error": counted, "draws": float(draws), "B": B}
    terms |= {"divergence": divergence, "prior_choice": choice, "logarithm": logarithm}
    return Certificate(value, terms)


def confidence(n: int, delta: float) -> float:
    """ln(2√n/δ'), δ' what counting the errors leaves of δ."""
    return math.log(2.0 * math.sqrt(n) / ((1.0 - COUNTING) * delta))


def expected_seconds(subject: Subject) -> float:
    """How long the row takes, by nominal rates (an estimate, within ×3 on a machine with nothing else to do)."""
    prior = Prior.of(subject.net)
    if unfit(subject) or not all(one.met for one in _asked(subject, prior)):
        return 0.0
    steps, seconds = effort_of(subject, prior)
    step, draw = (fixed + each * prior.entries for fixed, each in (STEP_SECONDS, DRAW_SECONDS))
    return min(steps * step, seconds) + DRAWS * draw


def _asked(subject: Subject, prior: Prior) -> tuple[Assumption, ...]:
    return (
        *sampling(subject),
        drawn_start(subject),
        Assumption(f"at least {LEAST_EXAMPLES} examples", subject.n >= LEAST_EXAMPLES),
        Assumption("some weights were trained", prior.entries > 0),
    )


def effort_of(subject: Subject, prior: Prior) -> tuple[int, float]:
    """Most steps of the descent, and most seconds."""
    steps = min(STEPS, max(LEAST_STEPS, int(WORK / prior.entries)))
    options = subject.options
    return int(options.get("dziugaite2017.steps", steps)), options.get("dziugaite2017.seconds", math.inf)


def _comment(found: Certificate) -> str:
    return (
        f"Each input has a network of its own drawn; on the training set such networks err on "
        f"{found.terms['counted_error']:.2%}."
    )
