# What the scripts of the demo share. The bed is the demo's own; with KUBECONFIG and AWS_ENDPOINT_URL set, it is yours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STEPGATE_BED_DIR=$PWD/.bed/demo STEPGATE_BINARY=$PWD/target/debug/stepgate
log=$PWD/.bed/demo.log
bed=tests/testbed/bed
namespace=stepgate-system

if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# Shows a command as one would type it, and its output.
show() {
  local word typed=''
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=@-]*) word="'$word'" ;; esac
    typed+=" $word"
  done
  printf '%s$%s%s\n' "$dim" "$typed" "$plain"
  "$@"
}

# Runs quietly; on failure prints what there is to see.
quietly() {
  "$@" >> "$log" 2>&1 && return
  echo "failed: $*" >&2
  tail -n 30 "$log" >&2
  return 1
}
examples=(-f examples/aws-tutorial.yaml -f examples/aws-tutorial-stages.yaml -f examples/course.yaml)
