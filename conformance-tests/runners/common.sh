# Sourced by every runner script: reads BASE_URL and TOKEN, and installs pinned packages from PyPI.
#
#   ENVIRONMENTS  where the Python environments are kept    (target/conformance)
#   REPORTS       where the runners leave their reports     (ENVIRONMENTS/reports)

if [ $# -ne 2 ]; then
    echo "usage: $0 BASE_URL TOKEN" >&2
    exit 2
fi
base_url=${1%/}
token=$2
# The runners create and delete resources, so they are kept away from everything but this machine.
case $base_url in
    http://127.0.0.1:* | http://localhost:* | "http://[::1]:"*) ;;
    *)
        echo "$base_url is not on loopback, and this runner writes and deletes" >&2
        exit 2
        ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environments=${ENVIRONMENTS:-$here/../../target/conformance}
reports=${REPORTS:-$environments/reports}
mkdir -p "$environments" "$reports"
environments=$(cd "$environments" && pwd)
reports=$(cd "$reports" && pwd)
# Whatever a runner leaves in the folder it runs in, it leaves there.
cd "$reports"
export PYTHONDONTWRITEBYTECODE=1

# install NAME REQUIREMENT...: sets `bin` to the programs of an environment with exactly these requirements.
install() {
    local environment=$environments/$1 wanted="${*:2}"
    bin=$environment/bin
    if [ "$(cat "$environment/installed" 2>/dev/null || true)" = "$wanted" ]; then
        return
    fi
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$bin/pip" install --quiet --disable-pip-version-check "${@:2}"
    echo "$wanted" >"$environment/installed"
}
