#!/usr/bin/env bash
# Holds servers that others wrote against the standard, and prints their totals side by side: run.sh FOLDER [OPTIONS]
#
# What the servers need is installed into FOLDER, where the reports are left, too. Needs Python 3.11, Node 20 and cargo.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
token=a-token-for-peers
cargo build --quiet --manifest-path "$here/../Cargo.toml"
runner=${RUNNER:-$here/../../target/debug/rollcall-conformance}

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

# hold NAME PORT PATH: starts peers/NAME.sh on the port, runs, and ends it.
hold() {
    local name=$1 port=$2 path=$3
    "$here/$name.sh" "$folder/$name" "$port" "$token" >"$folder/$name.log" 2>&1 &
    server=$!
    until curl --silent --output /dev/null "http://127.0.0.1:$port$path/ServiceProviderConfig"; do
        kill -0 "$server" 2>/dev/null || { echo "$name did not start:" && tail "$folder/$name.log" && return 1; }
    done
    "$runner" --url "http://127.0.0.1:$port$path" --token "$token" \
        --report "$folder/$name.html" --report "$folder/$name.json" "${@:4}" >"$folder/$name.txt" || true
    kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true
    server=
    printf '%-16s%s\n' "$name" "$(tail -1 "$folder/$name.txt")"
}

hold scim2-server 18701 /v2 "$@"
hold scimmy 18702 /scim/v2 "$@"
hold django-scim2 18703 /scim/v2 "$@"
