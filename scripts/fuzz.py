"""What scripts/fuzz runs: a demonstration for each role, and schemathesis against it until the calls are made."""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
OUT = pathlib.Path("target/fuzz")
# It never ends.
ENDLESS = "/api/v1/events"


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))


class Demo:
    """The program, serving a demonstration of its own: what one role changes is not there for the next."""

    def __init__(self, program):
        self.dir = tempfile.TemporaryDirectory()
        self.log = open(OUT / "log", "ab")
        command = [program, "demo", "--listen", "127.0.0.1:0", "--dir", self.dir.name]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.logins = {}
        for line in self.child.stdout:
            words = line.split()
            if words[0] == "login":
                self.logins[words[1]] = words[2:]
            if words[0] == "listening":
                self.base = words[-1]
                return
        raise SystemExit("the demonstration ended before it listened: see target/fuzz/log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        self.log.close()
        self.dir.cleanup()


def fuzz(base, role, token, examples, seed):
    """Runs schemathesis once; gives how many cases it made, and whether it found nothing."""
    command = [
        str(OUT / "venv/bin/schemathesis"), "run", f"{base}/api/v1/openapi.json",
        "--checks", CHECKS, "--phases", "fuzzing", "--max-examples", str(examples), "--seed", str(seed),
        "--exclude-path", ENDLESS, "--request-timeout", "30", "--continue-on-failure", "--no-color",
        "--warnings", "off", "--suppress-health-check", "all", "--generation-database", "none",
    ]
    # A session that signs itself out, or locks itself with wrong passwords, would test nothing but 401 from then on.
    command += ["--exclude-path-regex", "^/api/v1/(session$|me/)"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    done = subprocess.run(command, capture_output=True, text=True)
    (OUT / f"{role}.txt").write_text(done.stdout + done.stderr)
    made = re.search(r"(\d[\d,]*) generated", done.stdout)
    return int(made.group(1).replace(",", "")) if made else 0, done.returncode == 0


def fuzz_signing_in(base, examples):
    """The addresses left out above, without a session that they could end."""
    command = [
        str(OUT / "venv/bin/schemathesis"), "run", f"{base}/api/v1/openapi.json", "--checks", CHECKS,
        "--phases", "fuzzing", "--max-examples", str(examples), "--seed", "7", "--include-path-regex",
        "^/api/v1/(session$|me/)", "--continue-on-failure", "--no-color", "--warnings", "off",
        "--suppress-health-check", "all", "--generation-database", "none",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    (OUT / "signing-in.txt").write_text(done.stdout + done.stderr)
    made = re.search(r"(\d[\d,]*) generated", done.stdout)
    return int(made.group(1).replace(",", "")) if made else 0, done.returncode == 0


def main():
    wanted, program = int(sys.argv[1]), sys.argv[2]
    roles = ["admin", "office", "reviewer", "reporter", "viewer", "auditor", None]
    made, faulty = 0, []
    for at, role in enumerate(roles):
        with Demo(program) as demo:
            token = None
            if role:
                name, password = demo.logins[role]
                token = post(f"{demo.base}/api/v1/session", {"username": name, "password": password})["token"]
            if at == 0:
                count, clean = fuzz_signing_in(demo.base, 20)
                made += count
                faulty += [] if clean else ["signing-in"]
            with urllib.request.urlopen(f"{demo.base}/api/v1/openapi.json") as document:
                operations = sum(len(path) for path in json.load(document)["paths"].values())
            share = (wanted - made) / (len(roles) - at)
            # Operations without parameters make one case each, so the first guess makes too few: asked again for the rest.
            for seed in range(1, 9):
                if share <= 0:
                    break
                count, clean = fuzz(demo.base, role or "nobody", token, max(1, math.ceil(share / operations)), seed)
                made, share = made + count, share - count
                print(f"{role or 'nobody'}: {count} calls, {'nothing found' if clean else 'see target/fuzz/'}", flush=True)
                if not clean:
                    faulty.append(role or "nobody")
                    break
    print(f"{made} calls")
    if faulty or made < wanted:
        raise SystemExit(f"found as {', '.join(faulty)}" if faulty else "too few calls")


main()
