"""Reads that are one too many are refused with 429; the client waits as long as it is told and gets through."""

import unittest

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.containerservice import ContainerServiceClient

from slipway_env import client, slipway

# A cluster can be read sixty times at once, and then once a virtual second.
READS_MAX = 63


class Watch(SansIOHTTPPolicy):
    """Sees every answer, also those that are followed by another try; lets time go on after a refusal."""

    def __init__(self):
        self.seen = []

    def refused(self):
        return len([status for status, _ in self.seen if status == 429])

    def on_response(self, _request, response):
        answer = response.http_response
        self.seen.append((answer.status_code, answer.headers.get("Retry-After")))
        if answer.status_code == 429:
            slipway("time", "advance", "1s")


class Throttling(unittest.TestCase):
    def test_reads(self):
        watch = Watch()
        clusters = client(ContainerServiceClient, per_retry_policies=[watch]).managed_clusters
        reads = 0
        while watch.refused() < 2 and reads < READS_MAX:
            reads += 1
            self.assertEqual(clusters.get("g", "c").name, "c")
        self.assertEqual(watch.refused(), 2)
        self.assertEqual(len(watch.seen), reads + 2, "each refusal was followed by one more try")
        self.assertEqual({wait for status, wait in watch.seen if status == 429}, {"1"})


if __name__ == "__main__":
    unittest.main()
