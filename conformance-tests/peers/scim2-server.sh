#!/usr/bin/env bash
# Serves scim2-server (PyPI), which keeps everything in memory: scim2-server.sh FOLDER PORT TOKEN
set -euo pipefail
folder=$1 port=$2 token=$3
[ -x "$folder/bin/scim2-server" ] || { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "scim2-server[precis]==0.8.3"; }
exec "$folder/bin/scim2-server" --port "$port" --bearer-token "$token" --precis
