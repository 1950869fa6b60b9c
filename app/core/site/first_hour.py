"""What a new site still lacks before people pass: steps that follow from its present state, and from nothing stored."""

from dataclasses import dataclass
from enum import StrEnum

UNNAMED = "Site"  # what a new site is called until somebody names it
PEOPLE = 3


class StepName(StrEnum):
    """The steps, in their order."""

    SITE = "site"
    GATE = "gate"
    HARDWARE = "hardware"
    EYES = "eyes"
    PEOPLE = "people"
    PASS = "pass"  # noqa: S105  somebody passes


class StepState(StrEnum):
    """NEXT: what to do now. SKIPPED: not done, but a later step is, and the site works without it."""

    DONE = "done"
    NEXT = "next"
    SKIPPED = "skipped"
    LATER = "later"


MAY_BE_SKIPPED = frozenset({StepName.SITE, StepName.HARDWARE})


@dataclass(frozen=True)
class SiteFacts:
    """What the steps follow from.

    Attributes:
        named: whether a site has a name of its own.
        gates: how many there are. driven: how many of them are no test gates.
        eyes: cameras, and valid keys of controllers that send pictures.
        enrolled: people with a photo.
        passed: whether anybody was ever recognised at a gate and let in.
    """

    named: bool
    gates: int
    driven: int
    eyes: int
    enrolled: int
    passed: bool


@dataclass(frozen=True)
class Step:
    name: StepName
    state: StepState


def steps(facts: SiteFacts) -> tuple[Step, ...]:
    """Returns every step with its state; at most one is NEXT."""
    done = {
        StepName.SITE: facts.named,
        StepName.GATE: facts.gates > 0,
        StepName.HARDWARE: facts.driven > 0,
        StepName.EYES: facts.eyes > 0,
        StepName.PEOPLE: facts.enrolled >= PEOPLE,
        StepName.PASS: facts.passed,
    }
    names = list(StepName)
    last = max((i for i, name in enumerate(names) if done[name]), default=-1)
    found, next_is = [], True
    for i, name in enumerate(names):
        if done[name]:
            state = StepState.DONE
        elif i < last and name in MAY_BE_SKIPPED:
            state = StepState.SKIPPED
        elif next_is:
            state, next_is = StepState.NEXT, False
        else:
            state = StepState.LATER
        found.append(Step(name, state))
    return tuple(found)


def finished(found: tuple[Step, ...]) -> bool:
    """Whether nothing is left that the site needs."""
    return all(step.state in (StepState.DONE, StepState.SKIPPED) for step in found)
