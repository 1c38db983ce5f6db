#!/usr/bin/env bash
# scim2-tester: every attribute of every announced schema, created, read, projected, patched and replaced.
# Usage: scim2-tester.sh BASE_URL TOKEN
set -euo pipefail
. "$(dirname "$0")/common.sh"

install scim2-tester "scim2-tester[httpx2]==0.5.2" "scim2-client==0.13.2" "scim2-models==0.12.3"
exec "$bin/python" "$here/scim2_tester_run.py" "$base_url" "$token"
