"""Text of a miniature family: documents of the skills, their tokens, and documents that a model wrote.

The tokenizer is byte-level, so that any text can be scored and bits per byte stay true; trained on the corpus, so that
the common words are one token each. Its post-processor puts the end-of-text token first, as the training documents
have it, so that lm-eval needs no flag to show the model what it saw in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.skills import SKILLS
from synth_eval.skills.items import Draw

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"
ROWS = 512  # documents sampled at a time


def documents(mix: Mapping[str, float], *, key: str, characters: int, easy: bool = False) -> list[str]:
    """Documents of at least ``characters`` characters in all, mixed by share of characters.

    Parameters
    ----------
    mix : skill name -> share; the shares are scaled to sum to 1.
    key : what the text is for; equal keys give equal text, and a longer corpus begins with the shorter one's documents.
    characters : of all documents together. Skills take turns by how far each is behind its share, so that any leading
        part of the corpus has the mix too.
    easy : documents of level 1 only.
    """
    whole = sum(mix.values())
    shares = {name: share / whole for name, share in mix.items() if share > 0}
    streams = {name: _stream(name, key, easy) for name in shares}
    written = dict.fromkeys(shares, 0)
    found: list[str] = []
    total = 0
    while total < characters:
        name = min(shares, key=lambda skill: written[skill] / shares[skill])
        text = next(streams[name])
        found.append(text)
        written[name] += len(text)
        total += len(text)
    return found


def _stream(skill: str, key: str, easy: bool) -> Iterator[str]:
    draw = Draw("documents", skill, SKILLS[skill].VERSION, key, int(easy))
    while True:
        yield SKILLS[skill].document(draw, easy=easy)


def train_tokenizer(documents: Iterable[str], *, vocabulary: int, context: int) -> PreTrainedTokenizerFast:
    """Byte-pair encoding learned from the documents; ``vocabulary`` tokens including the end-of-text token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    end = tokenizer.token_to_id(END_OF_TEXT)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A", pair=f"{END_OF_TEXT} $A $B", special_tokens=[(END_OF_TEXT, end)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer saved with a checkpoint of the lab."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)


def encode_documents(tokenizer: PreTrainedTokenizerFast, documents: list[str], *, context: int) -> list[list[int]]:
    """Token ids of each document, with the end-of-text token before and after, cut at ``context`` tokens."""
    end = tokenizer.eos_token_id
    encoded = tokenizer.backend_tokenizer.encode_batch_fast(documents, add_special_tokens=False)
    return [[end, *one.ids, end][:context] for one in encoded]


def sample_documents(
    model: GPTNeoXForCausalLM,
    *,
    tokens: int,
    end: int,
    context: int,
    seed: int,
    progress: Callable[[int], None] = lambda tokens: None,
) -> list[list[int]]:
    """Documents of at least ``tokens`` tokens in all, each a list of token ids without the end-of-text tokens.

    Every document is what the model writes after the end-of-text token until it writes it again (or ``context`` is
    full): nothing is selected or dropped but empty documents. Rows that are done leave the batch.
    """
    import torch
    from transformers import DynamicCache

    generator = torch.Generator().manual_seed(seed)
    documents: list[list[int]] = []
    written = 0
    with torch.inference_mode():
        while written < tokens:
            cache = DynamicCache(config=model.config)
            current = torch.full((ROWS, 1), end)
            alive = torch.arange(ROWS)
            text = torch.zeros((ROWS, context), dtype=torch.long)
            length = torch.zeros(ROWS, dtype=torch.long)
            for position in range(context - 2):
                logits = model(input_ids=current, past_key_values=cache, use_cache=True).logits[:, -1]
                drawn = torch.multinomial(logits.float().softmax(-1), 1, generator=generator)
                going = drawn[:, 0] != end
                keep = going.nonzero()[:, 0]
                if len(keep) == 0:
                    break
                alive, current = alive[keep], drawn[keep]
                text[alive, position] = current[:, 0]
                length[alive] += 1
                if len(keep) < len(going):
                    cache.batch_select_indices(keep)
            batch = [row[:n].tolist() for row, n in zip(text, length.tolist()) if n]
            size = sum(map(len, batch)) + 2 * len(batch)
            documents += batch
            written += size
            progress(size)
    return documents
