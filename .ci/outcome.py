"""Prints what failed in a run, one line each, without what changes from run to run."""

import json
import re
import sys

# From how many steps on a rule with one message is told once.
MANY = 20

scenarios = {}
lines = []
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
            message = " ".join(steady(finding["message"]).split())[:200]
            differences = finding.get("differences", [])
            paths = ", ".join(sorted({steady(difference["path"]) for difference in differences}))
            lines.append(
                f"{scenario['path']} | {scenario['client']} | {event['step']} | {finding['authority']} "
                f"{finding['strength']} {finding['id']} | {message} | {paths}"
            )
    if kind == "scenario-finished" and event.get("left"):
        lines.append(f"left behind: {scenarios[event['scenario']]['path']}")
# What is wrong with most answers is one line, however often it is met.
places = {}
for line in set(lines):
    parts = line.split(" | ")
    # What a message does not tell apart, its step does.
    general = len(parts) < 5 or parts[3].split()[-1] in ("expected-body", "read-back", "rest-unchanged")
    rule = line if general else " | ".join(parts[3:5])
    places.setdefault(rule, []).append(line)
for line in sorted(
    f"in more than {MANY} steps | {rule}" if len(found) > MANY else line
    for rule, found in places.items()
    for line in (found[:1] if len(found) > MANY else found)
):
    print(line)
print(", ".join(f"{count} {verdict}" for verdict, count in steps.items()))
