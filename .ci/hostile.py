"""Makes event logs of hostile runs: texts that would act in a browser, in every place that a stranger can fill."""

import json

# What a page is not to obey. ORIGIN is ours: whatever is fetched from there is seen.
PAYLOADS = [
    "<script>window.hurt=1</script>",
    "</script><script>window.hurt=2</script>",
    "</title></style></textarea></select></svg></dialog><script>window.hurt=3</script>",
    '"><img src=x onerror="window.hurt=4">',
    "' onmouseover='window.hurt=5' autofocus onfocus='window.hurt=6",
    '" autofocus tabindex=1 onfocus="window.hurt=7" x="',
    "<svg onload=window.hurt=8><animate onbegin=window.hurt=9 attributeName=x>",
    "<img src=ORIGIN/img><link rel=stylesheet href=ORIGIN/css><iframe src=ORIGIN/frame></iframe>",
    "<style>@import 'ORIGIN/import'; *{background:url(ORIGIN/background)!important;display:none}</style>",
    "<meta http-equiv=refresh content='0;url=ORIGIN/refresh'><base href=ORIGIN/base/>",
    "<iframe srcdoc='<script>parent.window.hurt=10</script>'></iframe>",
    "javascript:window.hurt=11",
    "<a href=javascript:window.hurt=12>a</a><form action=ORIGIN/form><button>b</button></form>",
    "<details open ontoggle=window.hurt=13><summary>s</summary></details>",
    "--><script>window.hurt=14</script><!-- <plaintext> ]]><![CDATA[",
    "&lt;script&gt;window.hurt=15&lt;/script&gt; &#60;script&#62;",
    "\u202e\u2028\u2029\u0000\u0007\u001b[31m\ufeff\uffff`<b>`",
    "${window.hurt=16} {{constructor.constructor('window.hurt=17')()}} `${alert(1)}`",
    "#s0-0-f0\" onclick=\"window.hurt=18",
    "alert(document.domain);window.alert('hurt')",
    "x" * 3000,
]
# What the event format has words of its own for.
FIXED = {"event", "verdict", "strength", "authority", "authorities", "started", "api", "outcome", "kind", "effect", "gate",
         "elapsed", "format", "base64"}


def lines(paths, origin):
    """The events of logs as one run, with a payload in the place of every text."""
    turn = 0

    def hurt(value, key=""):
        nonlocal turn
        if isinstance(value, dict):
            if key == "authorities":
                return value
            return {name: hurt(part, name) if name not in FIXED or isinstance(part, (dict, list)) else part for name, part in value.items()}
        if isinstance(value, list):
            return [hurt(part, key) for part in value]
        if not isinstance(value, str) or (key == "sender" and value == "harness"):
            return value
        turn += 1
        return PAYLOADS[turn % len(PAYLOADS)].replace("ORIGIN", origin)

    events, offset = [], 0
    for path in paths:
        most = 0
        with open(path, encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)
                if event["event"] == "causes" or (events and event["event"] == "run-started"):
                    continue
                if event["event"] == "run-finished" and path != paths[-1]:
                    continue
                if "scenario" in event:
                    most = max(most, event["scenario"])
                    event["scenario"] += offset
                events.append(hurt(event))
        offset += most + 1
    return "".join(json.dumps(event) + "\n" for event in events)


def many(path, exchanges):
    """A run of at least so many exchanges: the scenarios of a log again and again."""
    with open(path, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    inner = [event for event in events if "scenario" in event]
    count = sum(len(event.get("exchanges", [])) for event in inner)
    size = 1 + max(event["scenario"] for event in inner)
    ends = [event for event in events if event["event"] == "run-finished"]
    told = [event for event in events if "scenario" not in event and event["event"] not in ("run-finished", "causes", "baseline", "readiness")]
    for turn in range(-(-exchanges // count)):
        told += [dict(event, scenario=event["scenario"] + turn * size) for event in inner]
    return "".join(json.dumps(event) + "\n" for event in told + ends)
