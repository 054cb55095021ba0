"""Prints what a run says of a gate: the verdict, and a line for each requirement that is not met or was not tested.

    .ci/readiness.py LOG            print it
    .ci/readiness.py LOG OUTCOME    say how it differs from a committed one, and end with 1 if it does

A requirement that is broken only because a connection was closed is not compared: some servers do that as they please. Nor is
one of speed: it says as much of the machine as of the server.
"""

import json
import sys

lines = []
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    if event["event"] != "readiness":
        continue
    lines.append(f"{event['gate']}: {event['verdict']}")
    for one in (one for part in event["parts"] for one in part["requirements"]):
        rules = sorted({sight["finding"] for sight in one.get("seen", [])})
        if one["outcome"] not in ("not-met", "not-tested") or rules in (["answered"], ["rate"]):
            continue
        level = "required" if one["required"] else "recommended"
        lines.append(f"{one['id']} | {level}, {one['outcome']} | {', '.join(rules)}")
if len(sys.argv) < 3:
    print("\n".join(lines))
    sys.exit()
with open(sys.argv[2], encoding="utf-8") as committed:
    known = committed.read().splitlines()
differences = [f"- {line}" for line in known if line not in lines]
differences += [f"+ {line}" for line in lines if line not in known]
print("\n".join(differences + lines[:1]))
sys.exit(1 if differences else 0)
