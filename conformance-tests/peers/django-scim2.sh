#!/usr/bin/env bash
# Serves django-scim2 (PyPI) on users and groups in SQLite: django-scim2.sh FOLDER PORT TOKEN
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 port=$2 token=$3
[ -x "$folder/bin/gunicorn" ] || {
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet django-scim2==0.23.0 Django==5.2.19 gunicorn==27.0.1
}
cp -r "$here/directory" "$folder/"
cd "$folder"
export DJANGO_SETTINGS_MODULE=directory.settings PEER_PORT=$port PEER_TOKEN=$token
rm -f peer.sqlite3
bin/python -m django migrate --verbosity 0 --run-syncdb
exec bin/gunicorn --bind "127.0.0.1:$port" --threads 4 --log-level error directory.urls:application
