"""Several processes that train one space together, as `torchrun` starts them; alone, nothing of this does anything."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


class Processes:
    """This process's place among those that torchrun started; rank 0 of 1 without it."""

    def __init__(self) -> None:
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self.device = torch.device("cpu")
        if torch.cuda.is_available():
            local = int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()
            self.device = torch.device("cuda", local)
        self._ours = False
        if self.count > 1 and not dist.is_initialized():
            one_each = self.device.type == "cuda" and torch.cuda.device_count() >= self.count
            dist.init_process_group("cuda:nccl,cpu:gloo" if one_each else "gloo")
            self._ours = True

    @property
    def first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def gathered(self, mine: T) -> list[T]:
        """What every process has, in order of rank."""
        if self.count == 1:
            return [mine]
        all_of_them: list[T | None] = [None] * self.count
        dist.all_gather_object(all_of_them, mine)
        return all_of_them  # type: ignore[return-value]

    def from_first(self, value: float) -> float:
        """Rank 0's number, for all."""
        if self.count == 1:
            return value
        box = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(box, 0)
        return float(box)

    def bytes_of(self, rank: int, mine: bytes) -> bytes:
        """That process's bytes, for all; what the others give is not looked at."""
        if self.count == 1:
            return mine
        box = [mine]
        dist.broadcast_object_list(box, rank)
        return box[0]

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replaces each tensor by its mean over the processes: what makes their steps one step of a larger batch."""
        if self.count == 1:
            return
        flat = list(tensors)
        box = torch.cat([tensor.reshape(-1) for tensor in flat])
        moved = box if dist.get_backend() != "gloo" else box.cpu()
        dist.all_reduce(moved)
        box = moved.to(box.device) / self.count
        at = 0
        for tensor in flat:
            tensor.copy_(box[at : at + tensor.numel()].view_as(tensor))
            at += tensor.numel()

    def leave(self) -> None:
        """Closes the group if this object opened it."""
        if self._ours:
            dist.barrier()
            dist.destroy_process_group()
