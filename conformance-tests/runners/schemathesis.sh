#!/usr/bin/env bash
# schemathesis: thousands of generated requests, by a description made from the server's own schemas.
# Usage: [EXAMPLES=25] [SEED=7] [LIMIT=240] schemathesis.sh BASE_URL TOKEN
# EXAMPLES is per operation and phase, LIMIT the seconds after which the run is cut and fails.
set -euo pipefail
. "$(dirname "$0")/common.sh"

install schemathesis "schemathesis==4.32.5"
description=$reports/openapi.json
report=$reports/schemathesis.json
rm -f "$report"
"$bin/python" "$here/openapi.py" "$base_url" "$token" >"$description"
# Its exit status says that a check failed; the report says which, and the log has a curl line for each.
timeout "${LIMIT:-240}" "$bin/schemathesis" run "$description" --url "$base_url" \
    --header "Authorization: Bearer $token" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth \
    --phases examples,coverage,fuzzing,stateful --max-examples "${EXAMPLES:-25}" --seed "${SEED:-7}" \
    --request-timeout 20 --continue-on-failure --report-json-path "$report" --no-color \
    >"$reports/schemathesis.log" 2>&1 || true
exec "$bin/python" "$here/schemathesis_report.py" "$description" "$report"
