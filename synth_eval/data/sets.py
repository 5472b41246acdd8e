"""The public sets that tasks of the suite read: where they come from, and which parts of them a task needs.

docs/tasks.md has the reason and the licence of each.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from synth_eval.text import joined
from synth_eval.types import UNCATEGORISED


@dataclass(frozen=True, order=True)
class Part:
    """One split of one configuration of a set: a file of records. ``config`` is "" where the set has only one."""

    set: str
    config: str
    split: str

    def __str__(self) -> str:
        return joined(self.set, self.config, self.split, between="/")


@dataclass(frozen=True)
class PublicSet:
    """A published data set. ``hub`` is its dataset id, "" if it is on no hub."""

    name: str  # and its folder in the data folder
    hub: str
    licence: str
    hub_config: str | None = None  # what the hub calls the configuration ""
    instead: Mapping[str, str] = field(default_factory=dict)  # splits that do where another is not there

    def at_hub(self, part: Part) -> tuple[str, str | None, str]:
        """Dataset id, configuration and split that the hub has the part under."""
        return self.hub, part.config or self.hub_config, self.instead.get(part.split, part.split)


SETS: Mapping[str, PublicSet] = MappingProxyType(
    {
        each.name: each
        for each in (
            PublicSet("gsm8k", "openai/gsm8k", "MIT", hub_config="main"),
            # published as lukaemon/bbh, which is a script: datasets 4 and later run none, and lm-eval takes this copy
            PublicSet("bbh", "SaylorTwift/bbh", "MIT"),
            # the hub's copy calls its held-out part test
            PublicSet("strategyqa", "ChilleD/StrategyQA", "MIT", instead={"validation": "test"}),
            PublicSet("opentriviaqa", "", "CC BY-SA 4.0"),
            PublicSet("nq_open", "google-research-datasets/nq_open", "CC BY-SA 3.0"),
            PublicSet("squad", "rajpurkar/squad", "CC BY-SA 4.0"),
            PublicSet("domains", "monology/pile-uncopyrighted", "as its components'"),
        )
    }
)

BBH_TASKS = (
    "logical_deduction_three_objects",
    "logical_deduction_five_objects",
    "tracking_shuffled_objects_three_objects",
    "tracking_shuffled_objects_five_objects",
)
TRIVIA_CATEGORIES = ("geography", "history", "science-technology", "world")

# Our domain, and the component of the Pile that stands for it.
DOMAINS: Mapping[str, str] = MappingProxyType(
    {
        "web": "Pile-CC",
        "encyclopedia": "Wikipedia (en)",
        "code": "Github",
        "law": "FreeLaw",
        "medicine": "PubMed Abstracts",
        "maths": "DM Mathematics",
        "dialogue": "Ubuntu IRC",
        "books": "Gutenberg (PG-19)",
        "questions": "StackExchange",
    }
)

TASK_PARTS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "synth_gsm8k": (Part("gsm8k", "", "test"), Part("gsm8k", "", "train")),
        "synth_gsm8k_generate": (Part("gsm8k", "", "test"), Part("gsm8k", "", "train")),
        "synth_strategyqa": (Part("strategyqa", "", "validation"),),
        **{f"synth_bbh_{task}": (Part("bbh", task, "test"),) for task in BBH_TASKS},
        "synth_opentriviaqa": tuple(Part("opentriviaqa", category, "train") for category in TRIVIA_CATEGORIES),
        "synth_nq_open": (Part("nq_open", "", "validation"),),
        "synth_squad": (Part("squad", "", "validation"),),
        **{f"synth_domain_{domain}": (Part("domains", domain, "test"),) for domain in DOMAINS},
    }
)

# The groups of these tasks, leaves in order; tasks of lm-eval that are in them too are left out here.
_REASONING = ("synth_gsm8k", "synth_strategyqa", *(f"synth_bbh_{task}" for task in BBH_TASKS))
_RETRIEVAL = ("synth_opentriviaqa", "synth_nq_open")
GROUP_TASKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "synth_public_reasoning": _REASONING,
        "synth_public_retrieval": _RETRIEVAL,
        "synth_suite_public": (*_REASONING, *_RETRIEVAL),
        "synth_public_more": ("synth_squad", "synth_gsm8k_generate"),
        "synth_domains_public": tuple(f"synth_domain_{domain}" for domain in DOMAINS),
    }
)


PUBLIC_GROUPS = ("synth_suite_public", "synth_public_more", "synth_domains_public")  # what a user would name

# Tasks of lm-eval itself that are in our groups, too.
WITH_TASKS_OF_LM_EVAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"synth_public_more": ("arc_challenge", "commonsense_qa", "triviaqa")}
)


def public_tasks(name: str) -> tuple[str, ...]:
    """The tasks over public data that a task's or group's name means; none if it is another's."""
    return GROUP_TASKS.get(name, (name,) if name in TASK_PARTS else ())


def ships_with_its_items(name: str) -> bool:
    """Whether a task or group is of the embedded suite, which needs neither data folder nor hub."""
    return name.startswith("synth_") and not public_tasks(name)


def set_at(hub: str) -> PublicSet | None:
    """The set with this dataset id on the hub."""
    return next((each for each in SETS.values() if hub and each.hub == hub), None)


# What common tasks of lm-eval are: their category, what they ask of a model, and how its confidence is computed.
#
# lm-eval has none of it. catalogue.csv holds one line a task or pattern; the first that matches counts.

CONFIDENCES = {
    "choices": "the probabilities of the choices",
    "votes": "the share of sampled answers that agree, once the task is given repeats and a filter that keeps them",
    "none": "none: several answers are right, or the task scores the likelihood of a text",
}


@dataclass(frozen=True)
class KnownTask:
    """One line of the catalogue. ``output`` is choice, generation, rolling or loglikelihood."""

    pattern: str
    category: str
    output: str
    confidence: str  # a key of CONFIDENCES


def known_task(name: str) -> KnownTask | None:
    """The first line of the catalogue that a task's name matches."""
    return next((known for known in catalogue() if fnmatchcase(name, known.pattern)), None)


def category_of(name: str) -> str:
    """A task's category by the catalogue; "other" if it is not in it."""
    known = known_task(name)
    return known.category if known else UNCATEGORISED


@lru_cache(maxsize=1)
def catalogue() -> tuple[KnownTask, ...]:
    """All lines, in order."""
    text = files("synth_eval.data").joinpath("catalogue.csv").read_text(encoding="utf-8")
    return tuple(KnownTask(*row) for row in list(csv.reader(text.splitlines()))[1:])
