"""Reads schemathesis's JSON report: every operation of the description is judged by every check."""

import json
import sys

from verdict import FAIL, PASS, Verdict

CHECKS = ("no server error", "documented status", "media type", "schema of the answer", "token asked for")
FAILURES = {
    "ServerError": "no server error",
    "UndefinedStatusCode": "documented status",
    "MissingContentType": "media type",
    "MalformedMediaType": "media type",
    "UndefinedContentType": "media type",
    "MalformedJson": "schema of the answer",
    "JsonSchemaError": "schema of the answer",
    "IgnoredAuth": "token asked for",
}


def load(path):
    """The JSON of a file; None when it is missing or cut short."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def operations(description):
    """`METHOD /path` of everything in an OpenAPI description."""
    for path, item in description["paths"].items():
        for method in item:
            if method != "parameters":
                yield f"{method.upper()} {path}"


def main(description_path, report_path):
    verdict = Verdict("schemathesis")
    report = load(report_path)
    if report is None:
        verdict.record(FAIL, "report", "schemathesis left none: the server hung, or the run was cut short")
        verdict.close()
    failures = {}
    for failure in report["failures"]:
        check = FAILURES.get(failure["type"], failure["type"])
        for operation in failure["operations"]:
            failures.setdefault((operation, check), failure["title"])
    for operation in operations(load(description_path)):
        for check in CHECKS:
            title = failures.pop((operation, check), None)
            verdict.record(FAIL if title else PASS, f"{operation}, {check}", title)
    for (operation, check), title in failures.items():
        verdict.record(FAIL, f"{operation}, {check}", title)
    print(f"{report['test_cases']['generated']} requests generated")
    verdict.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
