#!/usr/bin/env bash
# Runs other people's SCIM testers against a server that is already up:
#
#     tests/testers/run.sh http://127.0.0.1:8080/scim/v2 TOKEN
#
# scim2-tester must pass whole. scim-sanity must fail exactly where scim-sanity.md explains why the server is right.
set -euo pipefail

base="${1:?usage: run.sh BASE_URL TOKEN}"
token="${2:?usage: run.sh BASE_URL TOKEN}"
here="$(cd "$(dirname "$0")" && pwd)"
venv="$("$here/install.sh")"

echo "== scim2-tester"
report="$("$venv/bin/scim2" --url "$base" --header "Authorization: Bearer $token" test)" && outcome=0 || outcome=$?
grep -A 4 -E '^(ERROR|CRITICAL)' <<< "$report" || true
echo "$(grep -c '^SUCCESS' <<< "$report") checks passed"
if [ "$outcome" -ne 0 ] || grep -qE '^(ERROR|CRITICAL)' <<< "$report"; then
  echo "scim2-tester found something" >&2
  exit 1
fi

echo "== scim-sanity"
"$venv/bin/scim-sanity" probe "$base" --token "$token" --i-accept-side-effects --json-output > "$venv/sanity.json" || true
"$venv/bin/python" - "$venv/sanity.json" "$here/scim-sanity.md" <<'PYTHON'
import json, re, sys

results = json.load(open(sys.argv[1]))["results"]
explained = set(re.findall(r"^## `(.+)`$", open(sys.argv[2]).read(), re.MULTILINE))
failed = {result["name"]: result["message"] for result in results if result["status"] == "fail"}
print(sum(result["status"] == "pass" for result in results), "checks passed,", len(failed), "failed as explained or not")
for name in sorted(failed.keys() - explained):
    print(f"not explained: {name}: {failed[name]}")
for name in sorted(explained - failed.keys()):
    print(f"explained, but does not fail any more: {name}")
sys.exit(failed.keys() != explained)
PYTHON
