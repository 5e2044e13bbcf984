"""Reads the registers as a program in another language does, in two ways: with code generated from the protos, and by
reflection alone. Prints one JSON object; the spec test compares."""

import argparse
import importlib
import json
import pathlib
import sys
import tempfile

import grpc
import grpc_tools
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_tools import protoc

PACKAGE = "caibian.procurement.v1"
DEADLINE_SECONDS = 60


class Generated:
    """Calls through the stubs that the generator writes."""

    def __init__(self, channel, protos, folder):
        files = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
        well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        outcome = protoc.main(
            ["protoc", f"-I{protos}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}", *files]
        )
        if outcome != 0:
            sys.exit(f"the generator ended with {outcome}")
        sys.path.insert(0, folder)
        self.channel = channel

    def call(self, service, method, request):
        stem = "".join("_" + letter.lower() if letter.isupper() else letter for letter in service)[1:]
        module = PACKAGE + "." + stem
        messages = importlib.import_module(module + "_pb2")
        stub = getattr(importlib.import_module(module + "_pb2_grpc"), service + "Stub")(self.channel)
        message = json_format.ParseDict(request, getattr(messages, method + "Request")())
        return json_format.MessageToDict(getattr(stub, method)(message, timeout=DEADLINE_SECONDS))


class Reflected:
    """Calls that know nothing but what the server tells of itself."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def call(self, service, method, request):
        found = self.pool.FindServiceByName(f"{PACKAGE}.{service}").FindMethodByName(method)
        message = json_format.ParseDict(request, message_factory.GetMessageClass(found.input_type)())
        answer = message_factory.GetMessageClass(found.output_type)
        ask = self.channel.unary_unary(
            f"/{PACKAGE}.{service}/{method}",
            request_serializer=lambda sent: sent.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return json_format.MessageToDict(ask(message, timeout=DEADLINE_SECONDS))


def read(way, project, year):
    """A project, two pages, a roll-up."""
    listed = {"pageSize": 3, "filter": f"year = {year}", "orderBy": "year desc"}
    page = way.call("ProjectService", "ListProjects", listed)
    return {
        "project": way.call("ProjectService", "GetProject", {"name": project}),
        "page": page,
        "next": way.call("ProjectService", "ListProjects", {**listed, "pageToken": page["nextPageToken"]}),
        "rollup": way.call(
            "StatisticsService",
            "QueryRollup",
            {
                "selection": {"fromYear": year, "region": "regions/330000", "origin": "ORIGIN_SYNTHETIC"},
                "dimensions": ["ROLLUP_DIMENSION_SERVICE_KIND"],
            },
        ),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--protos", required=True, type=pathlib.Path)
    parser.add_argument("--project", required=True)
    parser.add_argument("--year", required=True, type=int)
    given = parser.parse_args()
    with grpc.insecure_channel(given.address) as channel, tempfile.TemporaryDirectory() as folder:
        reflected = Reflected(channel)
        answer = {
            "services": sorted(reflected.database.get_services()),
            "reflected": read(reflected, given.project, given.year),
            "generated": read(Generated(channel, given.protos, folder), given.project, given.year),
        }
    print(json.dumps(answer, ensure_ascii=False))


main()
