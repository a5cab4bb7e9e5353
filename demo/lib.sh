# What the scripts of the demo share. The bed is the demo's own; with KUBECONFIG and AWS_ENDPOINT_URL set, it is yours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STEPGATE_BED_DIR=$PWD/.bed/demo STEPGATE_BINARY=$PWD/target/debug/stepgate
log=$PWD/.bed/demo.log
bed=tests/testbed/bed
namespace=stepgate-system

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# Shows the command and its output, as if typed.
show() {
  printf '\033[2m$ %s\033[0m\n' "$*"
  "$@"
}

# Runs quietly; on failure prints what there is to see.
quietly() {
  "$@" >> "$log" 2>&1 && return
  echo "failed: $*" >&2
  tail -n 30 "$log" >&2
  return 1
}
