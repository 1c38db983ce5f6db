#!/usr/bin/env bash
# Serves the SCIM plugin of Better Auth (npm) over its adapter in memory: better-auth.sh FOLDER PORT TOKEN
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 port=$2 token=$3
mkdir -p "$folder"
cp "$here/better-auth.mjs" "$folder/server.mjs"
cd "$folder"
# The plugin names peers that its own dependencies do not meet to the letter.
[ -d node_modules/better-auth ] || npm install --silent --no-save --legacy-peer-deps \
    better-auth@1.7.5 @better-auth/core@1.7.5 @better-auth/scim@1.7.5
exec node server.mjs "$port" "$token"
