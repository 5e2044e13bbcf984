"""Makes the tables of a released program, with data: what tests/spec/upgrade.rs brings to the present.

target/python/bin/python tests/upgrade/make.py PROGRAM VERSION

PROGRAM is `caibian` as that version's tag builds it (v0.1.0 is 1f2c8df). The mails of its own demo are recorded from a
watched folder, the seed is imported, two manuscripts go through a review and a third to an editor, and everything is read back
over gRPC. Once on SQLite and once on PostgreSQL; into the folder of that version here go a copy of the tables of each, the
blobs, and what was told.
"""

import gzip
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

HERE = pathlib.Path(__file__).parent
PATIENCE_SECONDS = 120
# A mail is at its end in one of these.
ENDS = {"STAGE_RECORDED", "STAGE_IGNORED", "STAGE_QUARANTINED", "STAGE_DUPLICATE"}
# What is read back: the method, the field of its answer that holds the entries.
LISTS = [
    ("caibian.intake.v1.CampaignService/ListCampaigns", "campaigns"),
    ("caibian.intake.v1.MailboxService/ListMessages", "messages"),
    ("caibian.intake.v1.SubmissionService/ListSubmissions", "submissions"),
    ("caibian.intake.v1.ReviewService/ListReviews", "reviews"),
    ("caibian.procurement.v1.CatalogueService/ListCatalogues", "catalogues"),
    ("caibian.procurement.v1.FigureService/ListFigures", "figures"),
    ("caibian.procurement.v1.PilotService/ListPilots", "pilots"),
    ("caibian.procurement.v1.PolicyService/ListPolicyFrameworks", "policyFrameworks"),
]


class Caller:
    """Calls what the server tells of itself."""

    def __init__(self, channel):
        self.channel = channel
        self.pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    def call(self, method, request):
        service, name = method.split("/")
        found = self.pool.FindServiceByName(service).FindMethodByName(name)
        message = json_format.ParseDict(request, message_factory.GetMessageClass(found.input_type)())
        ask = self.channel.unary_unary(
            f"/{method}",
            request_serializer=lambda sent: sent.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(found.output_type).FromString,
        )
        return json_format.MessageToDict(ask(message, timeout=60, wait_for_ready=True))

    def all(self, method, field):
        found, token = [], ""
        while True:
            page = self.call(method, {"pageSize": 100, "pageToken": token})
            found += page.get(field, [])
            token = page.get("nextPageToken", "")
            if not token:
                return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def review(caller):
    """Adopts one manuscript and schedules it, declines another, and gives a third to an editor."""
    service = "caibian.intake.v1.ReviewService/"
    campaign = caller.all("caibian.intake.v1.CampaignService/ListCampaigns", "campaigns")[0]
    campaign["review"]["deciderDiffers"] = False
    caller.call("caibian.intake.v1.CampaignService/UpdateCampaign", {"campaign": campaign})
    waiting = [
        found for found in caller.all(service + "ListReviews", "reviews") if found.get("verdict") == "VERDICT_ELIGIBLE"
    ]

    def step(review, method, **more):
        return caller.call(service + method, {"submission": review["submission"], "etag": review["etag"], **more})

    for found, decision in zip(waiting, ["REVIEW_DECISION_ADOPT", "REVIEW_DECISION_DECLINE"]):
        found = step(found, "AssignSubmission", editor="local")
        found = step(found, "BeginReview")
        for last in [False, False, True]:
            found = step(found, "RecommendSubmission", decision=decision, note="选题好，资料翔实")
            if not last:
                found = step(found, "PassSubmission")
        found = step(found, "DecideSubmission", decision=decision, note="终审意见", reason="选题与近期所刊重复")
        if decision == "REVIEW_DECISION_ADOPT":
            step(found, "ScheduleSubmission", channel="杂志", slot="2023年第5期")
    step(waiting[2], "AssignSubmission", editor="local")


def read(caller):
    told = {method: {"field": field, "entries": caller.all(method, field)} for method, field in LISTS}
    submissions = told["caibian.intake.v1.SubmissionService/ListSubmissions"]["entries"]
    reviews = told["caibian.intake.v1.ReviewService/ListReviews"]["entries"]
    single = [
        ("caibian.intake.v1.SubmissionService/GetSubmission", {"name": found["name"]}) for found in submissions
    ] + [("caibian.intake.v1.ReviewService/ListReviewEvents", {"submission": found["submission"]}) for found in reviews]
    return {
        "lists": told,
        "single": [{"method": method, "request": ask, "answer": caller.call(method, ask)} for method, ask in single],
    }


def run(program, settings, *arguments):
    subprocess.run([program, "--settings", settings, *arguments], check=True, stdout=subprocess.DEVNULL)


def make(program, home, url, inbox):
    """Fills the tables at this address; gives what was told of them."""
    data = home / "data"
    (home / "inbox").mkdir(parents=True)
    port = free_port()
    settings = home / "caibian.toml"
    settings.write_text(
        f'data = "{data}"\n[store]\nurl = "{url}"\n[api]\nlisten = "127.0.0.1:{port}"\n[worker]\nname = "w1"\n'
        f'[[mailbox]]\nname = "inbox"\nkind = "folder"\naddress = "czzhengwen@163.com"\npath = "{home / "inbox"}"\n'
        'sweep_seconds = 1\nanswer_from = "2022-10-01T00:00:00+08:00"\n'
    )
    run(program, settings, "migrate")
    run(program, settings, "import", "seed")
    for mail in sorted(inbox.glob("*.eml")):
        shutil.copy2(mail, home / "inbox" / mail.name)
    mails = len(list(inbox.glob("*.eml")))
    process = subprocess.Popen([program, "--settings", settings, "all"], stderr=subprocess.DEVNULL)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            caller = Caller(channel)
            begun = time.monotonic()
            while True:
                try:
                    messages = caller.all("caibian.intake.v1.MailboxService/ListMessages", "messages")
                except grpc.RpcError:
                    messages = []
                if len(messages) == mails and all(found["stage"] in ENDS for found in messages):
                    break
                if time.monotonic() - begun > PATIENCE_SECONDS:
                    sys.exit(f"not all at their end: {[found['stage'] for found in messages]}")
                time.sleep(0.2)
            review(caller)
            return read(caller)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main():
    program, version = sys.argv[1:]
    target = HERE / version
    target.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        subprocess.run(
            [program, "demo", "--data", home / "demo", "--listen", f"127.0.0.1:{free_port()}", "--exit"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        inbox = home / "demo" / "inbox"
        told = {"sqlite": make(program, home / "sqlite", f"sqlite:{home / 'sqlite' / 'caibian.db'}", inbox)}
        # What the last connection left in its log belongs to the tables.
        copy = home / "copy.db"
        subprocess.run([sys.executable, "-c", VACUUM, home / "sqlite" / "caibian.db", copy], check=True)
        with gzip.GzipFile(target / "caibian.db.gz", "wb", mtime=0) as packed:
            packed.write(copy.read_bytes())
        with tarfile.open(target / "blobs.tar.gz", "w:gz") as packed:
            packed.add(home / "sqlite" / "data" / "blobs", "blobs")

        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        cluster, port = home / "pg", free_port()
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        home.chmod(0o755)
        cluster.mkdir()
        shutil.chown(cluster, "postgres", "postgres")
        made = [programs / "initdb", "--no-sync", "-A", "trust", "-U", "pg", "-E", "UTF8", "--locale=C.UTF-8", "-D"]
        subprocess.run([*as_postgres, *made, cluster], check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(
            [*as_postgres, programs / "postgres", "-F", "-p", str(port), "-k", cluster, "-D", cluster],
            stderr=subprocess.DEVNULL,
        )
        try:
            ask = ["-h", "127.0.0.1", "-p", str(port), "-U", "pg"]
            while subprocess.run(
                [programs / "createdb", *ask, "caibian"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ).returncode:
                time.sleep(0.2)
            told["postgres"] = make(program, home / "postgres", f"postgres://pg@127.0.0.1:{port}/caibian", inbox)
            dump = subprocess.run(
                [programs / "pg_dump", *ask, "--no-owner", "--no-privileges", "caibian"], check=True, capture_output=True
            )
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    with gzip.GzipFile(target / "caibian.sql.gz", "wb", mtime=0) as packed:
        packed.write(dump.stdout)
    with gzip.GzipFile(target / "told.json.gz", "wb", mtime=0) as packed:
        packed.write(json.dumps(told, ensure_ascii=False, indent=1).encode())


VACUUM = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', (sys.argv[2],))"

main()
