#!/usr/bin/env bash
# Installs the Debian packages of apt.txt that are missing and builds build/mote. Sourced or called by demo.sh, test.sh and check.sh;
# does nothing but a quick check when everything is there.
#
#   tools/setup.sh [TARGET...]     ninja targets to build (default: mote)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
while read -r package; do
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done < <(grep -v '^#' apt.txt)

if ((${#missing[@]})); then
  as_root=()
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || { echo "error: packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2; exit 2; }
    as_root=(sudo)
  fi
  echo "installing ${#missing[@]} Debian packages" >&2
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -20 "$log" >&2; echo "error: installation failed, whole log in $log" >&2; exit 1; }
  rm -f "$log"
fi

[[ -f build/build.ninja ]] || cmake --preset release >/dev/null
ninja -C build --quiet "${@:-mote}"
