#!/usr/bin/env bash
# Serves SCIMMY (npm) behind Express, with its handlers over two maps in memory: scimmy.sh FOLDER PORT TOKEN
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 port=$2 token=$3
mkdir -p "$folder"
cp "$here/scimmy.mjs" "$folder/server.mjs"
cd "$folder"
[ -d node_modules/scimmy ] || npm install --silent --no-save scimmy@1.3.5 scimmy-routers@1.3.2 express@4.21.2
exec node server.mjs "$port" "$token"
