#!/usr/bin/env bash
# Installs other people's SCIM testers into a virtual environment of their own, once, and prints where it is
# (TESTERS_CACHE, by default below ~/.cache).
set -euo pipefail
venv="${TESTERS_CACHE:-$HOME/.cache/scimulate-testers}"
pins=(scim2-cli==0.6.0 scim2-tester==0.5.2 scim2-client==0.13.2 scim2-models==0.12.3 scim-sanity==0.7.4)

if [ "$(cat "$venv/.pins" 2>/dev/null)" != "${pins[*]}" ]; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${pins[@]}" >&2
  echo "${pins[*]}" > "$venv/.pins"
fi
echo "$venv"
