#!/usr/bin/env bash
# scim-sanity: the life cycle of a user and a group, with headers, paging and errors, in strict mode.
# Usage: scim-sanity.sh BASE_URL TOKEN
set -euo pipefail
. "$(dirname "$0")/common.sh"

install scim-sanity "scim-sanity==0.7.4"
report=$reports/scim-sanity.json
# Its exit status says that a check failed; the report says which.
"$bin/scim-sanity" probe "$base_url" --token "$token" --strict --json-output --i-accept-side-effects \
    >"$report" 2>"$reports/scim-sanity.log" || true
exec "$bin/python" "$here/scim_sanity_report.py" "$report"
