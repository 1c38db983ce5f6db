"""Collects the results of one runner, prints what failed, and closes with `NAME: P passed, F failed`."""

import sys

PASS, FAIL, SKIP, WARN = "pass", "fail", "skip", "warn"


class Verdict:
    """The results of one runner."""

    def __init__(self, name):
        self.name = name
        self.counts = dict.fromkeys((PASS, FAIL, SKIP, WARN), 0)

    def record(self, outcome, check, detail=""):
        """Counts one result; failures and warnings are printed on one line."""
        self.counts[outcome] += 1
        if outcome in (FAIL, WARN):
            print(f"{outcome.upper()} {check}: {' '.join(str(detail or '').split())[:400]}")

    def close(self):
        """Prints the verdict and ends the program: with success only if something passed and nothing failed."""
        print(f"{self.counts[SKIP]} checks did not apply, {self.counts[WARN]} were warnings")
        print(f"{self.name}: {self.counts[PASS]} passed, {self.counts[FAIL]} failed")
        sys.exit(0 if self.counts[PASS] and not self.counts[FAIL] else 1)
