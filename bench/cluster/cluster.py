"""A PostgreSQL cluster on loopback, and pufa before it: etcd, nodes that Patroni runs, HAProxy, replicas of the service.

Every process gets the signal TERM when this one goes (PR_SET_PDEATHSIG), so nothing outlives it even when it is killed. What
loses its parent becomes a child of this one (PR_SET_CHILD_SUBREAPER), so the end finds it.
"""

import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PACKAGES = {
    "patroni": "patroni python3-etcd",
    "etcd": "etcd-server",
    "etcdctl": "etcd-client",
    "haproxy": "haproxy",
    "postgres": "postgresql",
}
# Patroni's usual 30, 10, 10 wait half a minute before another takes over. It wants loop_wait + 2 * retry_timeout <= ttl.
TTL, LOOP, RETRY = 5, 1, 2
PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """Something of the cluster does not work."""


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def program(name):
    """Where a program is; Debian keeps some out of PATH."""
    if name == "postgres":
        found = list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
        return str(newest) if newest else None
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def install():
    """Installs what is missing. Packages that are there already are left as they are."""
    missing = [package for name, package in PACKAGES.items() if not program(name)]
    if not missing:
        return
    say("installing " + " ".join(missing))
    if os.geteuid() != 0:
        raise Failed("missing, and installing needs root: apt-get install " + " ".join(missing))
    missing = [name for names in missing for name in names.split()]
    get = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    quiet = dict(env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, stdout=subprocess.DEVNULL)
    # Debian starts what it installs; a cluster or an etcd of the system is not wanted here.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run([*get, "update"], check=False, **quiet)
        subprocess.run([*get, "install", "-y", "--no-install-recommends", "--no-upgrade", *missing], check=True, **quiet)
    finally:
        if ours:
            policy.unlink()


def free_ports(count):
    """Ports nobody has, below those that outgoing connections are given, so that none is taken meanwhile."""
    found, start = [], 20000 + os.getpid() * 7 % 11000
    for port in range(start, 32768):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                found.append(port)
            except OSError:
                continue
        if len(found) == count:
            return found
    raise Failed("no free ports")


def get(url, timeout=1.0):
    """Status and body of a GET; status 0 when there is no answer."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError:
        return 0, b""


def until(what, seconds, test):
    """Waits until the test gives something true, and gives that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        reap_adopted()
        if found := test():
            return found
        time.sleep(0.1)
    raise Failed(f"{what}: not within {seconds} s")


def parents():
    """The parent of every process."""
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                table[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
    return table


def descendants(root):
    """All that descend from a process, the process without."""
    table, found = parents(), [root]
    for one in found:
        found.extend(child for child, parent in table.items() if parent == one)
    return found[1:]


def send(pids, what):
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            pass


STARTED = set()


def reap_adopted():
    """Takes up what ended after its parent did. Patroni waits for PostgreSQL's first process to be gone, not only dead."""
    me = os.getpid()
    for child in [child for child, parent in parents().items() if parent == me and child not in STARTED]:
        try:
            os.waitpid(child, os.WNOHANG)
        except ChildProcessError:
            pass


class Node:
    """One PostgreSQL, run by Patroni."""

    def __init__(self, name, ports):
        self.name = name
        self.port, self.rest = ports
        self.process = None

    def role(self):
        """`primary`, `replica` or nothing, by its own word."""
        status, body = get(f"http://127.0.0.1:{self.rest}/patroni")
        told = json.loads(body) if status and body else {}
        if told.get("state") != "running":
            return None
        return "primary" if told.get("role") in ("master", "primary") else told.get("role")


class Cluster:
    def __init__(self, place, nodes, binary):
        if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise Failed("prctl: no subreaper")
        self.place, self.binary = place, binary
        self.owner = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self.owner = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
        shutil.rmtree(place, ignore_errors=True)
        (place / "nodes").mkdir(parents=True)
        if self.owner:
            shutil.chown(place / "nodes", user.pw_uid, user.pw_gid)
        ports = iter(free_ports(2 + 1 + 2 * nodes))
        self.etcd = next(ports), next(ports)
        self.front = next(ports)
        self.nodes = [Node(chr(ord("a") + at), (next(ports), next(ports))) for at in range(nodes)]
        self.url = f"postgres://postgres@127.0.0.1:{self.front}/pufa"
        self.replicas, self.others = [], []

    def spawn(self, name, command, owner=(), **more):
        log = open(self.place / f"{name}.log", "ab")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "PATRONI", "PUFA", "ETCD"))}
        # A group of its own: a Ctrl-C is for this program, which ends the others in their order.
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *owner, *map(str, command)],
            stdin=subprocess.DEVNULL, stderr=log, env=clean, start_new_session=True,
            **({"stdout": log} | more),
        )
        STARTED.add(process.pid)
        return process

    def start(self):
        client, peer = self.etcd
        me = f"http://127.0.0.1:{peer}"
        self.others.append(self.spawn("etcd", [
            program("etcd"), "--enable-v2", "--name", "one", "--data-dir", self.place / "etcd",
            "--listen-client-urls", f"http://127.0.0.1:{client}", "--advertise-client-urls", f"http://127.0.0.1:{client}",
            "--listen-peer-urls", me, "--initial-advertise-peer-urls", me, "--initial-cluster", f"one={me}",
        ]))
        until("etcd", 20, lambda: get(f"http://127.0.0.1:{client}/health")[0] == 200)
        for node in self.nodes:
            (self.place / f"{node.name}.json").write_text(json.dumps(self.patroni(node), indent=2))
            self.start_node(node)
            until(f"node {node.name}", 90, node.role)
        (self.place / "haproxy.cfg").write_text(self.haproxy())
        self.others.append(self.spawn("haproxy", [program("haproxy"), "-db", "-f", self.place / "haproxy.cfg"]))
        self.settled()
        until("database", 20, lambda: self.psql("CREATE DATABASE pufa", database="postgres").returncode == 0)

    def start_node(self, node):
        node.process = self.spawn(node.name, [program("patroni"), self.place / f"{node.name}.json"], self.owner)

    def patroni(self, node):
        return {
            "scope": "pufa", "name": node.name,
            "restapi": {"listen": f"127.0.0.1:{node.rest}", "connect_address": f"127.0.0.1:{node.rest}"},
            # Etcd's older API: over the newer one, Patroni 3.0.2 overwrites the lock of whoever took over when it
            # wakes up after its own ended (patroni/patroni#2689), and what was acknowledged since is gone.
            "etcd": {"host": f"127.0.0.1:{self.etcd[0]}"},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL, "loop_wait": LOOP, "retry_timeout": RETRY, "maximum_lag_on_failover": 1048576,
                    # A commit is acknowledged when a standby has it too, and only such a standby may take over.
                    "synchronous_mode": True,
                    "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {"max_connections": 100}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{node.port}", "connect_address": f"127.0.0.1:{node.port}",
                "data_dir": str(self.place / "nodes" / node.name), "bin_dir": str(Path(program("postgres")).parent),
                "pgpass": str(self.place / "nodes" / f"{node.name}.pgpass"),
                "authentication": {name: {"username": "postgres", "password": "loopback"}
                                   for name in ("superuser", "replication", "rewind")},
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
                "parameters": {"unix_socket_directories": "", "wal_keep_size": "256MB"},
            },
        }

    def haproxy(self):
        servers = "\n".join(
            f"    server {node.name} 127.0.0.1:{node.port} check port {node.rest}" for node in self.nodes)
        # `shutdown-sessions`: who is led to a node that is no primary any more is cut off, and does not wait for it.
        return f"""global
    maxconn 500
defaults
    mode tcp
    timeout connect 1s
    timeout client 1h
    timeout server 1h
    timeout check 1s
listen primary
    bind 127.0.0.1:{self.front}
    option httpchk GET /primary
    http-check expect status 200
    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""

    def psql(self, sql, database="pufa", port=None):
        command = [Path(program("postgres")).with_name("psql"), "-XAtq", "-h", "127.0.0.1", "-p", str(port or self.front),
                   "-U", "postgres", "-d", database, "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    def roles(self):
        return {node.name: node.role() for node in self.nodes}

    def primary(self):
        return next((node for node in self.nodes if node.role() == "primary"), None)

    def settled(self, seconds=90):
        """Waits until there is one primary, and every other node follows it, one of them synchronously."""
        def look():
            roles = sorted(role or "" for role in self.roles().values())
            primary = self.primary()
            if primary is None or roles.count("primary") != 1 or roles.count("replica") != len(roles) - 1:
                return None
            # By Patroni's word, not PostgreSQL's: only a standby that etcd names as synchronous may take over.
            ready = any(get(f"http://127.0.0.1:{node.rest}/sync")[0] == 200 for node in self.nodes)
            return primary if ready else None
        return until("one primary with a synchronous standby", seconds, look)

    def switchover(self):
        old = self.primary()
        new = next(node for node in self.nodes if node.role() == "replica")
        # It wants a true name of the primary or of nobody; which word names it changed between versions.
        command = [program("patronictl"), "-c", self.place / f"{old.name}.json", "switchover", "--master", old.name,
                   "--candidate", new.name, "--force", "pufa"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
        (self.place / "switchover.log").write_text(done.stdout + done.stderr)
        if done.returncode != 0:
            raise Failed("patronictl switchover: " + (done.stderr or done.stdout).strip())
        return old

    def processes(self, node):
        """PostgreSQL's first process of a node, and Patroni's."""
        postmaster = int((self.place / "nodes" / node.name / "postmaster.pid").read_text().split()[0])
        return postmaster, node.process.pid

    def kill(self):
        node = self.primary()
        send(self.processes(node), signal.SIGKILL)
        node.process.wait()
        return node

    def freeze(self):
        """Stops a primary in its tracks, Patroni included: sockets stay open and nobody answers."""
        node = self.primary()
        postmaster, patroni = self.processes(node)
        frozen = [patroni, *descendants(patroni), postmaster, *descendants(postmaster)]
        send(frozen, signal.SIGSTOP)
        return node, frozen

    def pufa(self, *arguments, **more):
        command = [self.binary, "--log", "warn", *arguments, "--database", self.url]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)

    def serve(self, lane):
        process = self.spawn(f"pufa{lane}", [self.binary, "--log", "warn", "serve", "--listen", "127.0.0.1:0", "--lane", lane,
                                             "--database", self.url], stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("listening on "):
                self.replicas.append((process, line.split("//")[1].strip()))
                return self.replicas[-1][1]
        raise Failed(f"replica {lane} does not start: see {self.place}/pufa{lane}.log")

    def end(self):
        """Ends all that was started, by their numbers, in the order that lets each end well: the database outlives the service,
        etcd outlives Patroni."""
        send(descendants(os.getpid()), signal.SIGCONT)
        nodes = [node.process for node in self.nodes if node.process]
        for group in ([process for process, _ in self.replicas], nodes, self.others):
            send([process.pid for process in group if process.poll() is None], signal.SIGTERM)
            end = time.monotonic() + 20
            while any(process.poll() is None for process in group) and time.monotonic() < end:
                time.sleep(0.05)
        # Whatever did not listen, and what a killed Patroni left behind.
        while left := descendants(os.getpid()):
            send(left, signal.SIGKILL)
            for process in (*(process for process, _ in self.replicas), *nodes, *self.others):
                process.poll()
            reap_adopted()
            time.sleep(0.05)
