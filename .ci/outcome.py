"""Prints what failed in a run, one line each, without what changes from run to run.

    .ci/outcome.py LOG            print it
    .ci/outcome.py LOG OUTCOME    say how it differs from a committed one, and end with 1 if it does

Some servers close connections as they please: a step that met this in either of the two is not compared.
"""

import json
import re
import sys

# From how many steps on a rule with one message is told once.
MANY = 20

scenarios = {}
lines = []
unsteady = set()
steps = {"pass": 0, "fail": 0, "skip": 0, "error": 0}
run = ""


def steady(text):
    """The text without what differs from run to run: the run's own ids, ids, ports and instants."""
    # Each scenario has the first five letters of the run's id, and its own number.
    text = re.sub(re.escape(run[:5]) + r"[0-9a-z]{3}", "RUN", text) if run else text
    text = re.sub(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", "ID", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?", "TIME", text)


for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    kind = event["event"]
    if kind == "run-started":
        run = event["run"]
    if kind == "scenario-started":
        scenarios[event["scenario"]] = event
    if kind == "step-finished":
        steps[event["verdict"]] += 1
        scenario = scenarios[event["scenario"]]
        for finding in event.get("findings", []):
            if finding["verdict"] not in ("fail", "error") or finding["authority"] == "snapshot":
                continue
            if finding["id"] == "answered" and "connection" in finding["message"]:
                unsteady.add(f"{scenario['path']} | {scenario['client']} | {event['step']}")
            message = " ".join(steady(finding["message"]).split())[:200]
            differences = finding.get("differences", [])
            paths = ", ".join(sorted({steady(difference["path"]) for difference in differences}))
            lines.append(
                f"{scenario['path']} | {scenario['client']} | {event['step']} | {finding['authority']} "
                f"{finding['strength']} {finding['id']} | {message} | {paths}"
            )
    if kind == "scenario-finished" and event.get("left"):
        lines.append(f"left behind: {scenarios[event['scenario']]['path']}")


def place_of(line):
    return " | ".join(line.split(" | ")[:3])


def condensed(lines):
    """What is wrong with most answers is one line, however often it is met."""
    rules = {}
    for line in lines:
        parts = line.split(" | ")
        # What a message does not tell apart, its step does.
        general = len(parts) < 5 or parts[3].split()[-1] in ("expected-body", "read-back", "rest-unchanged")
        rules.setdefault(line if general else " | ".join(parts[3:5]), []).append(line)
    for rule, found in rules.items():
        if len(found) > MANY:
            yield f"in more than {MANY} steps | {rule}"
        else:
            yield from found


total = ", ".join(f"{count} {verdict}" for verdict, count in steps.items())
outcome = {line for line in condensed(set(lines)) if place_of(line) not in unsteady}
if len(sys.argv) < 3:
    print("\n".join(sorted(outcome) + sorted(f"unsteady | {place}" for place in unsteady) + [total]))
    sys.exit()
with open(sys.argv[2], encoding="utf-8") as committed:
    known = set(committed.read().splitlines()[:-1])
unsteady |= {line.removeprefix("unsteady | ") for line in known if line.startswith("unsteady | ")}
known = {line for line in known if not line.startswith("unsteady | ")}
differences = [f"- {line}" for line in known - outcome if place_of(line) not in unsteady]
differences += [f"+ {line}" for line in outcome - known if place_of(line) not in unsteady]
print("\n".join(sorted(differences) + [total]))
sys.exit(1 if differences else 0)
