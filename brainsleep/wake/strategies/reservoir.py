"""A memory of a fixed number of rows, each of those seen as likely to be in it as any other."""

from __future__ import annotations

import torch

#: Rows of several tensors, all of the same length.
Rows = dict[str, torch.Tensor]

_PREFIX, _SEEN = "memory ", "memory: seen"


class Reservoir:
    """Reservoir sampling (Vitter 1985, algorithm R): a uniform sample of all rows added so far.

    Parameters
    ----------
    kept : dict of str to torch.Tensor
        Where the rows lie, under names of the reservoir's own.
    size : int
        Most rows.
    """

    def __init__(self, kept: dict[str, torch.Tensor], size: int) -> None:
        self.kept, self.size = kept, size

    def __len__(self) -> int:
        """Return the number of rows in memory."""
        rows = self.rows()
        return len(next(iter(rows.values()))) if rows else 0

    def rows(self) -> Rows:
        """Return all rows, as they are stored."""
        names = [name for name in self.kept if name.startswith(_PREFIX)]
        return {name.removeprefix(_PREFIX): self.kept[name] for name in names}

    def add(self, rows: Rows, generator: torch.Generator) -> None:
        """Offer rows one by one: the n-th of all is kept with probability size / n."""
        n_new = len(next(iter(rows.values())))
        n_before = int(self.kept.get(_SEEN, 0))
        n_free = min(self.size - len(self), n_new)
        chances = torch.rand(n_new, generator=generator, dtype=torch.float64, device="cpu")
        places = {}  # of what is in memory, and the row that takes each
        for number in range(n_free, n_new):
            place = int(float(chances[number]) * (n_before + number + 1))
            if place < self.size:
                places[place] = number
        self._append({name: one[:n_free] for name, one in rows.items()})
        numbers = list(places.values())
        self._replace(list(places), {name: one[numbers] for name, one in rows.items()})
        self.kept[_SEEN] = torch.tensor(n_before + n_new, device="cpu")

    def draw(self, n_rows: int, generator: torch.Generator) -> Rows:
        """Return so many rows at random, each at most once; all, if there are no more."""
        chosen = torch.randperm(len(self), generator=generator, device="cpu")[:n_rows]
        rows = {name: one[chosen.to(one.device)] for name, one in self.rows().items()}
        if "images" in rows:
            rows["images"] = unpacked(rows["images"])
        return rows

    def _append(self, new: Rows) -> None:
        """Put rows behind those in memory."""
        for name, fresh in self._alike(new).items():
            old = self.kept.get(_PREFIX + name)
            self.kept[_PREFIX + name] = fresh.clone() if old is None else torch.cat([old, fresh])

    def _replace(self, places: list[int], new: Rows) -> None:
        """Put rows in the places of others."""
        for name, fresh in self._alike(new).items():
            self.kept[_PREFIX + name][places] = fresh

    def _alike(self, new: Rows) -> Rows:
        """Return rows as they are stored, having brought images in memory to the same type."""
        new = {name: one.detach() for name, one in new.items()}
        if "images" in new:
            new["images"] = packed(new["images"])
            old = self.kept.get(_PREFIX + "images")
            if old is not None and old.dtype is not new["images"].dtype:
                self.kept[_PREFIX + "images"] = unpacked(old)
                new["images"] = unpacked(new["images"])
        return new


def packed(images: torch.Tensor) -> torch.Tensor:
    """Return images as uint8 where nothing is lost by it, and as float32 elsewhere.

    Parameters
    ----------
    images : torch.Tensor
        Pixels in [0, 1].
    """
    pixels = images.detach().float()
    levels = (255 * pixels).round()
    if torch.equal(levels / 255, pixels):
        return levels.to(torch.uint8)
    return pixels.clone()


def unpacked(images: torch.Tensor) -> torch.Tensor:
    """Return in float32 what :func:`packed` was given."""
    return images.float() / 255 if images.dtype is torch.uint8 else images
