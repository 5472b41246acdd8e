"""The user's own data, `domains` and `choice_tasks` of checkpoints.yaml: read, checked and sampled."""

from synth_eval.own_data.choices import ChoiceRow, ChoiceSample, choice_sample
from synth_eval.own_data.domains import Document, DomainSample, domain_sample
from synth_eval.own_data.files import matching_files, shown
from synth_eval.own_data.records import OwnDataError, Tally
from synth_eval.own_data.texts import Block, read_texts

__all__ = [
    "Block",
    "ChoiceRow",
    "ChoiceSample",
    "Document",
    "DomainSample",
    "OwnDataError",
    "Tally",
    "choice_sample",
    "domain_sample",
    "matching_files",
    "read_texts",
    "shown",
]
