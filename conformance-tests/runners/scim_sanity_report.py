"""Reads scim-sanity's JSON report."""

import json
import sys

from verdict import FAIL, PASS, SKIP, WARN, Verdict

OUTCOMES = {
    "pass": PASS,
    "passed": PASS,
    "warn": WARN,
    "warning": WARN,
    "skip": SKIP,
    "skipped": SKIP,
}


def main(path):
    verdict = Verdict("scim-sanity")
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
    except ValueError as error:
        verdict.record(FAIL, "report", f"scim-sanity left none: {error}")
        verdict.close()
    for result in report.get("results") or report.get("tests") or []:
        outcome = OUTCOMES.get(str(result.get("status")).lower(), FAIL)
        check = " / ".join(filter(None, (result.get("phase"), result.get("name") or result.get("test"))))
        verdict.record(outcome, check, result.get("message") or result.get("detail"))
    verdict.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
