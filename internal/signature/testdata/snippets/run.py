"""Runs a snippet's function over the vectors of standard input."""

import base64
import json
import runpy
import sys

verify = runpy.run_path(sys.argv[1])["verify"]
vectors = json.load(sys.stdin.buffer)
print(json.dumps([verify(base64.b64decode(v["body"]), v["signature"], v["secret"]) for v in vectors]))
