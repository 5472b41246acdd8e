"""Our float32 Muon against torch.optim.Muon, whose bfloat16 arithmetic is a little coarser."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from synth_eval.lab.training import Muon, orthogonalised

SHAPES = [(64, 64), (192, 64), (64, 256)]

REFERENCE = """
import sys, torch
torch.manual_seed(0)
ps = [torch.nn.Parameter(torch.randn(s)) for s in [(64, 64), (192, 64), (64, 256)]]
o = torch.optim.Muon(ps, lr=0.02, weight_decay=0.1, adjust_lr_fn="original")
for _ in range(3):
    for p in ps: p.grad = torch.randn(p.shape)
    o.step()
torch.save([p.detach() for p in ps], sys.argv[1])
"""


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_close_to_one(shape: tuple[int, int]) -> None:
    x = orthogonalised(torch.randn(2, *shape, generator=torch.Generator().manual_seed(1)))
    values = torch.linalg.svdvals(x)
    assert 0.5 < float(values.min()) <= float(values.max()) < 1.3


def test_three_steps_agree_with_torch(tmp_path) -> None:
    # In a process of its own: bfloat16 products kill it on machines that announce AMX and do not allow it.
    file = tmp_path / "reference.pt"
    done = subprocess.run(
        [sys.executable, "-c", REFERENCE, str(file)], env={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}, check=False
    )
    if done.returncode:
        pytest.skip("torch.optim.Muon does not run on this machine")
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(shape)) for shape in SHAPES]
    start = [p.detach().clone() for p in ours]
    optimizer = Muon(ours, lr=0.02, weight_decay=0.1)
    for _ in range(3):
        for parameter in ours:
            parameter.grad = torch.randn(parameter.shape)
        optimizer.step()
    for mine, theirs, before in zip(ours, torch.load(file, weights_only=True), start):
        moved = theirs - before
        assert float((mine.detach() - theirs).norm() / moved.norm()) < 0.05
