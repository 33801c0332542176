"""Reads that are one too many are refused with 429; the client waits as long as it is told and gets through."""

import unittest

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.containerservice import ContainerServiceClient

from slipway_env import client

# A cluster can be read sixty times at once, and then once a second.
READS = 63


class Watch(SansIOHTTPPolicy):
    """Sees every answer, also those that are followed by another try."""

    def __init__(self):
        self.seen = []

    def on_response(self, _request, response):
        self.seen.append((response.http_response.status_code, response.http_response.headers.get("Retry-After")))


class Throttling(unittest.TestCase):
    def test_reads(self):
        watch = Watch()
        clusters = client(ContainerServiceClient, per_retry_policies=[watch]).managed_clusters
        for _ in range(READS):
            self.assertEqual(clusters.get("g", "c").name, "c")
        refused = [answer for answer in watch.seen if answer[0] == 429]
        self.assertTrue(refused)
        self.assertEqual(set(refused), {(429, "1")})
        self.assertEqual(len(watch.seen), READS + len(refused))


if __name__ == "__main__":
    unittest.main()
