"""A posterior over a net's weights improved by descent on a PAC-Bayes bound (Dziugaite & Roy 2017), by torch.

What a random net says of one example is drawn without drawing its weights: given the units h below, A ~ N(M, S) entry
by entry makes the pre-activations Ah ~ N(Mh, S h²), independent over the rows of A. So every example of a batch has a
net of its own, at the price of two products instead of one (Kingma, Salimans, Welling 2015, §2.3, arXiv:1506.02557):
less noise in the gradient, and independent errors to count (docs/proofs.md P22).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import AnyArray, Matrix
from prefit.storage import Keeper, Saved
from prefit.theory.bounds.gaussians import RATIO, Mask, Posterior, Prior, Variances
from prefit.theory.bounds.inverse_kl import inverse_kl
from prefit.theory.bounds.subject import Subject
from prefit.training.extra import without_torch
from prefit.training.tensors import as_numpy, device_named, full_precision

try:
    import torch
except ModuleNotFoundError as error:
    raise without_torch("The optimized PAC-Bayes bound") from error

Tensor = torch.Tensor
Moments = tuple[Tensor, Tensor | None]  # means M and variances S of a matrix, None where nothing is random

# Our choices. What was seen: docs/bounds/dziugaite2017.md.
BATCH = 200  # examples a step
RATE = 0.05  # of Adam, for the means in units of the deviation at the start, for logarithms in units of 1
PACE = 0.5  # of λ, in these units: one number that moves all noise of a layer
FREE = 0.4  # portion of the descent on the paper's objective, in which λ moves; then it stands on its grid
SHARP = 0.2  # temperature of the smooth error after that, in units of the loss's
MEMORY = 0.95  # of the running error
LOOK = 500  # examples on which starts are compared
TOWARDS = (0.0, 0.5, 1.0)  # means between the start of the training and its end
POWERS = range(-4, 10)  # λ is the unit of its grid times 4 to these
TEMPERATURES = (0.03, 0.1, 0.3, 1.0)  # in units of the outputs' root mean square
SMALL = 2**19  # trained weights up to which threads wait for each other longer than they work
BYTES = 2**25  # of a layer's pre-activations where errors are counted
STAGE = "dziugaite2017"  # what is kept of it


@dataclass(frozen=True)
class Effort:
    """How long is descended: until the steps are made or the seconds are over."""

    steps: int
    seconds: float = math.inf


@dataclass(frozen=True)
class RandomLayer:
    """N(centre + r u, λ e^ρ) entry by entry: λ moves the noise with it, so that its place on the grid costs little.

    centre, end   the matrix before and after training
    mask          1 where an entry is random, else 0
    scale         r, the deviation of the entries at the start of the descent
    u, rho, log_lambda   what is optimized
    """

    centre: Tensor
    end: Tensor
    mask: Tensor
    grid: Variances
    scale: float
    u: Tensor
    rho: Tensor
    log_lambda: Tensor

    @classmethod
    def at_rest(cls, centre: Tensor, end: Tensor, mask: Tensor, grid: Variances) -> RandomLayer:
        nothing = torch.zeros_like(centre)
        return cls(centre, end, mask, grid, 1.0, nothing, nothing, nothing[0, 0])

    def begun(self, towards: float, scale: float) -> RandomLayer:
        """Means a portion of the way that training went, variances scale²."""
        u = towards / scale * self.mask * (self.end - self.centre)
        log_lambda = torch.full_like(self.log_lambda, 2.0 * math.log(scale))
        return replace(self, scale=scale, u=u, rho=torch.zeros_like(u), log_lambda=log_lambda)

    @property
    def parameters(self) -> list[Tensor]:
        return [self.u, self.rho, self.log_lambda]

    def moments(self) -> tuple[Tensor, Tensor]:
        return self.centre + self.scale * self.mask * self.u, self.mask * torch.exp(self.log_lambda + self.rho)

    def divergence(self) -> Tensor:
        """KL(Q‖P) of this layer's entries, λ where it is, and what λ costs (`Variances.cost` between its points)."""
        moved = (self.scale * self.u).square().sum() / torch.exp(self.log_lambda)
        noise = (self.mask * (torch.expm1(self.rho) - self.rho)).sum()
        j = ((self.log_lambda - math.log(self.grid.unit)) / math.log(RATIO)).abs()
        cost = math.log(2.0) + torch.log1p(j) + torch.log(2.0 + j)
        total: Tensor = 0.5 * (moved + noise) + cost
        return total

    def numbers(self, centre: Matrix) -> tuple[Matrix, Matrix, int]:
        """Means and variances in float64, and λ's place; `centre` is the matrix before it was rounded."""
        moved, variance = (
            as_numpy(tensor).astype(np.float64) for tensor in (self.scale * self.mask * self.u, self.moments()[1])
        )
        return centre + moved, variance, self.chosen

    @property
    def chosen(self) -> int:
        return self.grid.nearest(math.exp(float(self.log_lambda)))

    def settle(self) -> None:
        """λ moves to the nearest point of its grid and stays there."""
        self.log_lambda.requires_grad_(False)
        self.log_lambda.fill_(math.log(self.grid.at(self.chosen)))


def sampled(h: Tensor, moments: Sequence[Moments], generator: torch.Generator) -> Tensor:
    """(b, c) outputs, each example's under a net of its own."""
    for l, (mean, variance) in enumerate(moments):
        z = h @ mean.T
        if variance is not None:
            spread = h.square() @ variance.T
            noise = torch.randn(z.shape, generator=generator, device=z.device)
            z = z + (spread > 0.0) * spread.clamp(min=1e-30).sqrt() * noise  # its slope at 0 is infinite
        h = z if l == len(moments) - 1 else torch.relu(z)
    return h


class Adam:
    """Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1, β = (0.9, 0.99): torch's takes seconds to be imported.

    paces   of each tensor, a factor of the rate
    """

    def __init__(self, tensors: list[Tensor], paces: list[float]) -> None:
        self.tensors = [tensor.requires_grad_(True) for tensor in tensors]
        self.paces = paces
        self.moments = [(torch.zeros_like(tensor), torch.zeros_like(tensor)) for tensor in tensors]
        self.steps = 0

    def arrays(self) -> dict[str, AnyArray]:
        """What is optimized, and the moments of its gradients."""
        groups = [(tensor, *moments) for tensor, moments in zip(self.tensors, self.moments, strict=True)]
        return {f"{i}.{j}": as_numpy(part) for i, group in enumerate(groups) for j, part in enumerate(group)}

    def restore(self, arrays: dict[str, AnyArray], steps: int) -> None:
        self.steps = steps
        with torch.no_grad():
            for i, (tensor, moments) in enumerate(zip(self.tensors, self.moments, strict=True)):
                for j, part in enumerate((tensor, *moments)):
                    part.copy_(torch.from_numpy(arrays[f"{i}.{j}"]))

    def step(self, value: Tensor, rate: float) -> None:
        """Down the value, in those tensors that still ask for gradients."""
        everything = zip(self.tensors, self.paces, self.moments, strict=True)
        moving = [one for one in everything if one[0].requires_grad]
        gradients = torch.autograd.grad(value, [tensor for tensor, _, _ in moving])
        self.steps += 1
        with torch.no_grad():
            for (tensor, pace, (first, second)), gradient in zip(moving, gradients, strict=True):
                first.mul_(0.9).add_(gradient, alpha=0.1)
                second.mul_(0.99).addcmul_(gradient, gradient, value=0.01)
                spread = (second / (1.0 - 0.99**self.steps)).sqrt_().add_(1e-8)
                tensor.addcdiv_(first, spread, value=-rate * pace / (1.0 - 0.9**self.steps))


class Descent:
    """The net's layers, random or not, its examples, and the temperature T of the loss.

    confidence   what stands in the bound beside KL and the cost of λ: ln(2√n/δ')
    """

    def __init__(self, subject: Subject, prior: Prior, confidence: float) -> None:
        self.device = device_of(subject)
        self.generator = torch.Generator(self.device).manual_seed(subject.seed)
        self.confidence, self.n, self.binary = confidence, subject.n, subject.binary
        self.X = on(subject.X, self.device)
        target = np.asarray(subject.Y[:, 0], np.float32) if subject.binary else np.asarray(subject.labels)
        self.target = torch.tensor(target, device=self.device)
        self.layers: list[RandomLayer | Tensor] = [
            self._layer(*parts)
            for parts in zip(prior.centres, subject.net.matrices, prior.random, prior.grids, strict=True)
        ]
        self.log_temperature = torch.zeros((), device=self.device)
        self.error: float | None = None  # of late
        self.order, self.place = torch.empty(0, dtype=torch.int64), 0  # of the examples, and the next one's place
        self.seconds, self.settled = 0.0, False
        self.kept: int | None = None  # the step that was saved last

    def _layer(self, centre: Matrix, end: Matrix, mask: Mask, grid: Variances) -> RandomLayer | Tensor:
        if not mask.any():
            return on(centre, self.device)
        return RandomLayer.at_rest(on(centre, self.device), on(end, self.device), on(mask, self.device), grid)

    @property
    def random(self) -> list[RandomLayer]:
        return [layer for layer in self.layers if isinstance(layer, RandomLayer)]

    def moments(self) -> list[Moments]:
        return [layer.moments() if isinstance(layer, RandomLayer) else (layer, None) for layer in self.layers]

    def loss(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """Mean of ln(1 + exp(−yf/T))/ln 2, or of the cross-entropy of f/T over ln 2: at least the 0–1 error."""
        scaled, target = outputs / torch.exp(self.log_temperature), self.target[rows]
        if self.binary:
            mean = torch.nn.functional.softplus(-target * scaled[:, 0]).mean()
        else:
            mean = torch.nn.functional.cross_entropy(scaled, target)
        return mean / math.log(2.0)

    def smooth_error(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """Mean of 1/(1 + exp(yf/T)), or of 1 − the softmax of f/T at the class, at a lower temperature."""
        scaled, target = outputs / (SHARP * torch.exp(self.log_temperature)), self.target[rows]
        if self.binary:
            return torch.sigmoid(-target * scaled[:, 0]).mean()
        return 1.0 - torch.softmax(scaled, dim=1).gather(1, target[:, None]).mean()

    def spent(self) -> Tensor:
        """B = (KL + cost + confidence)/n."""
        return (torch.stack([layer.divergence() for layer in self.random]).sum() + self.confidence) / self.n

    def objective(self, rows: Tensor) -> Tensor:
        """loss + √(B/2) (Dziugaite & Roy 2017, §3)."""
        outputs = sampled(self.X[rows], self.moments(), self.generator)
        return self.loss(outputs, rows) + torch.sqrt(self.spent() / 2.0)

    def tangent(self, rows: Tensor) -> Tensor:
        """The bound p = kl⁻¹(q|B) itself, to first order: with logit the logarithm of odds,
        ∂p/∂q : ∂p/∂B = logit p − logit q : 1 (differentiate kl(q‖p) = B)."""
        outputs, B = sampled(self.X[rows], self.moments(), self.generator), self.spent()
        error = self.smooth_error(outputs, rows)
        now = float(error.detach())
        self.error = now if self.error is None else MEMORY * self.error + (1.0 - MEMORY) * now
        q = min(max(self.error, 1.0 / self.n), 1.0 - 1e-6)  # inside the interval, where the odds are finite
        p = min(inverse_kl(q, float(B.detach())), 1.0 - 1e-6)
        return max(math.log(p / (1.0 - p)) - math.log(q / (1.0 - q)), 0.0) * error + B

    # Descent ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """At the best of several: a net that memorized noise may have to be given up at once."""
        rows = self._permutation()[:LOOK]
        starts = [(towards, power) for towards in TOWARDS for power in POWERS]
        found = [(*self._valued(towards, power, rows), towards, power) for towards, power in starts]
        _, temperature, towards, power = min(found)
        self._begin(towards, self._scales(power))
        self.log_temperature.fill_(math.log(temperature))
        self.adam = self._adam()

    def restore(self, saved: Saved) -> None:
        """Everything where the last save left it."""
        facts, arrays = saved.facts, dict(saved.arrays)
        self._begin(0.0, facts["scales"])
        self.adam = self._adam()
        self.generator.set_state(torch.from_numpy(arrays.pop("generator")))
        self.order, self.place = torch.from_numpy(arrays.pop("order")).to(self.device), int(facts["place"])
        self.error, self.seconds = facts["error"], float(facts["seconds"])
        self.adam.restore(arrays, int(facts["step"]))
        self.kept = self.adam.steps
        if facts["settled"]:
            self._settle()

    def save(self, keeper: Keeper) -> None:
        facts = {
            "step": self.adam.steps,
            "seconds": self.seconds,
            "place": self.place,
            "error": self.error,
            "settled": self.settled,
            "scales": [layer.scale for layer in self.random],
        }
        drawn = {"generator": as_numpy(self.generator.get_state()), "order": as_numpy(self.order)}
        keeper.save(STAGE, facts, self.adam.arrays() | drawn)
        self.kept = self.adam.steps

    def _adam(self) -> Adam:
        tensors = [self.log_temperature, *(tensor for layer in self.random for tensor in layer.parameters)]
        return Adam(tensors, [1.0] + [1.0, 1.0, PACE] * len(self.random))

    def _scales(self, power: int) -> list[float]:
        """Deviations whose squares are 4^power units of each layer's grid."""
        return [math.sqrt(layer.grid.unit) * 2.0**power for layer in self.random]

    def _begin(self, towards: float, scales: Sequence[float]) -> None:
        of_layer = iter(scales)
        self.layers = [
            one.begun(towards, next(of_layer)) if isinstance(one, RandomLayer) else one for one in self.layers
        ]

    def _valued(self, towards: float, power: int, rows: Tensor) -> tuple[float, float]:
        """The objective at this start, and the best temperature."""
        self._begin(towards, self._scales(power))
        outputs = sampled(self.X[rows], self.moments(), self.generator)
        size = max(float(outputs.square().mean().sqrt()), 1e-30)
        found = []
        for portion in TEMPERATURES:
            self.log_temperature.fill_(math.log(portion * size))
            found.append((float(self.loss(outputs, rows) + torch.sqrt(self.spent() / 2.0)), portion * size))
        return min(found)

    def descend(self, effort: Effort, progress: Callable[[float], None], keeper: Keeper) -> None:
        """Adam with a rate that falls along half a cosine to 0: first on the paper's objective, which no start stops,
        then, λ on its grid, on the bound itself. Saved whenever the keeper says that it is time."""
        began = time.monotonic() - self.seconds
        while self.adam.steps < effort.steps:
            self.seconds = time.monotonic() - began
            done = max(self.adam.steps / effort.steps, self.seconds / effort.seconds)
            if done >= 1.0:
                break
            if keeper.due():
                self.save(keeper)
            progress(done)
            if done >= FREE and not self.settled:
                self._settle()
            rows = self._batch()
            value = self.tangent(rows) if self.settled else self.objective(rows)
            self.adam.step(value, 0.5 * RATE * (1.0 + math.cos(math.pi * done)))
        self._settle()

    def _settle(self) -> None:
        self.settled = True
        self.log_temperature.requires_grad_(False)
        for layer in self.random:
            layer.settle()

    def _permutation(self) -> Tensor:
        return torch.randperm(self.n, generator=self.generator, device=self.device)

    def _batch(self) -> Tensor:
        """The next examples of the epoch's order; what is left of it at its end, fewer, waits for another epoch."""
        size = min(BATCH, self.n)
        if self.place + size > len(self.order):
            self.order, self.place = self._permutation(), 0
        self.place += size
        return self.order[self.place - size : self.place]


def optimized(
    subject: Subject, prior: Prior, effort: Effort, confidence: float, progress: Callable[[float], None]
) -> Posterior:
    """The posterior found by descent from the best of several starts; same seed and steps, same digits.

    The subject's keeper has its state, from which an interrupted descent goes on.
    """
    saved = subject.keeper.load(STAGE)
    with full_precision(threads(subject)):
        with torch.no_grad():
            descent = Descent(subject, prior, confidence)
            if saved is None:
                descent.start()
            else:
                descent.restore(saved)
        descent.descend(effort, progress, subject.keeper)
        if descent.kept != descent.adam.steps:
            descent.save(subject.keeper)  # errors are counted from here, again where that is interrupted
        found = [
            layer.numbers(centre) if isinstance(layer, RandomLayer) else (centre, np.zeros(centre.shape), 0)
            for layer, centre in zip(descent.layers, prior.centres, strict=True)
        ]
    means, variances, chosen = zip(*found, strict=True)
    return Posterior(means, variances, chosen)


def count_errors(subject: Subject, posterior: Posterior, passes: int, progress: Callable[[float], None]) -> int:
    """Training errors in so many passes, each example every time under a net of its own: n · passes independent ones.

    Products in float32, as everywhere in training.
    """
    errors, total, widest = 0, passes * subject.n, max(mean.shape[0] for mean in posterior.means)
    chunk = max(1, BYTES // (4 * widest))
    with full_precision(threads(subject)), torch.no_grad():
        device = device_of(subject)
        generator = torch.Generator(device).manual_seed(subject.seed + 1)
        moments = [
            (on(mean, device), on(variance, device) if variance.any() else None)
            for mean, variance in zip(posterior.means, posterior.variances, strict=True)
        ]
        X = on(subject.X, device)
        for first in range(0, total, chunk):
            rows = np.arange(first, min(first + chunk, total)) % subject.n
            h = X[torch.tensor(rows, device=device)]
            margins = subject.margins_of(as_numpy(sampled(h, moments, generator)), rows)
            errors += int((~(margins > 0.0)).sum())  # what is no number is an error
            progress((rows.size + first) / total)
    return errors


def on(array: AnyArray, device: torch.device) -> Tensor:
    return torch.tensor(np.asarray(array, dtype=np.float32), device=device)


def device_of(subject: Subject) -> torch.device:
    return device_named("cuda" if subject.device.startswith("cuda") else "cpu")


def threads(subject: Subject) -> int | None:
    """On a processor, one for a SMALL net; None: as many as torch is set to."""
    if subject.net.parameters <= SMALL:
        return 1
    return int(subject.options["threads"]) if "threads" in subject.options else None
