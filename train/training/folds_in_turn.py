"""Which fold comes next, where several processes or machines train the folds of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generate.runtime.lease import HeldByAnother, Hold, held
from train.runs.run_folder import Run


class FoldsInTurn:
    """The folds of a run that are not finished, each to be trained by whoever takes it first.

    Parameters
    ----------
    run : Run
    folds : sequence of str
        Those that this process may train.

    Attributes
    ----------
    n_taken : int
        Folds that this process took so far.
    by_others : dict of str to HeldByAnother
        Folds that it found held by others, when it looked last, and who holds them.
    """

    def __init__(self, run: Run, folds: Sequence[str]) -> None:
        self._run, self._folds = run, folds
        self.n_taken = 0
        self.by_others: dict[str, HeldByAnother] = {}

    @property
    def left(self) -> list[str]:
        """Folds that are not finished, and that nobody else was found to hold."""
        return [fold for fold in self._folds if fold not in self.by_others and not self._run.is_finished(fold)]

    def take(self) -> Iterator[tuple[str, Hold]]:
        """Take one fold after the other, until each is finished or held by others.

        Yields
        ------
        fold : str
        hold : Hold
            Kept until the next one is asked for, or the iterator is closed.
        """
        while self.left or self.by_others:
            n_before = self.n_taken
            yield from self._pass(patient=False)
            if self.n_taken == n_before:
                # Nothing is left but what others hold. Only now there is time to see whether they live.
                yield from self._pass(patient=True)
            if self.n_taken == n_before:
                return

    def _pass(self, *, patient: bool) -> Iterator[tuple[str, Hold]]:
        """Look at each fold once, in their order; when one is done, others may have become free."""
        for fold in self._folds:
            if self._run.is_finished(fold):
                self.by_others.pop(fold, None)
                continue
            if patient and not self.by_others[fold].may_be_dead:
                continue
            try:
                with held(self._run.fold_folder(fold), patient=patient) as hold:
                    self.by_others.pop(fold, None)
                    if self._run.is_finished(fold):
                        continue
                    self.n_taken += 1
                    yield fold, hold
            except HeldByAnother as error:
                self._note(fold, error)

    def _note(self, fold: str, error: HeldByAnother) -> None:
        known = self.by_others.get(fold)
        if known is None or known.holder != error.holder:
            print(
                f"fold {fold}: {error.holder} trains it; this process joins in and takes the folds that are free",
                flush=True,
            )
        self.by_others[fold] = error
