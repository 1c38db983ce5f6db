"""Runs scim2-tester's checks against BASE_URL with TOKEN."""

import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from verdict import FAIL, PASS, SKIP, WARN, Verdict

OUTCOMES = {
    Status.SUCCESS: PASS,
    Status.COMPLIANT: PASS,
    Status.ACCEPTABLE: PASS,
    Status.DEVIATION: WARN,
    Status.SKIPPED: SKIP,
}


def main(base_url, token):
    client = Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"})
    verdict = Verdict("scim2-tester")
    for result in check_server(SyncSCIMClient(client)):
        about = getattr(result, "resource_type", None)
        check = f"{result.title} ({about})" if about else result.title
        verdict.record(OUTCOMES.get(result.status, FAIL), check, f"{result.status.name} {result.reason or ''}")
    verdict.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
