import base64
import hashlib
import hmac


def verify(body: bytes, signature: str, secret: str) -> bool:
    """Tell whether body comes from Fourthwall.

    body: the raw bytes as they came, before anything parses them
    signature: the value of the header X-Fourthwall-Hmac-SHA256
    secret: the secret of your shop's webhooks
    """
    mac = hmac.new(secret.encode(), body, hashlib.sha256)
    want = base64.b64encode(mac.digest())
    return hmac.compare_digest(want, (signature or "").encode())


# Your endpoint. In Flask, request.get_data() gives the raw bytes; request.json does not.
#
# import json, os
# from http.server import BaseHTTPRequestHandler, HTTPServer
#
# class Endpoint(BaseHTTPRequestHandler):
#     def do_POST(self):
#         body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
#         secret = os.environ["FOURTHWALL_SECRET"]
#         good = secret and verify(body, self.headers.get("X-Fourthwall-Hmac-SHA256"), secret)
#         if good:
#             event = json.loads(body)  # It may come again: remember event["id"].
#         self.send_response(200 if good else 401)  # Fourthwall takes nothing but 200 for received.
#         self.end_headers()
#
# HTTPServer(("", 8080), Endpoint).serve_forever()
