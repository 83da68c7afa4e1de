const crypto = require("node:crypto");

// Tells whether body comes from Fourthwall.
//   body: a Buffer with the raw bytes as they came, before JSON.parse
//   signature: the value of the header X-Fourthwall-Hmac-SHA256
//   secret: the secret of your shop's webhooks
function verify(body, signature, secret) {
  const want = Buffer.from(crypto.createHmac("sha256", secret).update(body).digest("base64"));
  const got = Buffer.from(signature ?? "");
  // timingSafeEqual wants equal lengths; the right length is no secret.
  return got.length === want.length && crypto.timingSafeEqual(got, want);
}

module.exports = { verify };

// Your endpoint. In Express, express.raw({ type: "*/*" }) keeps the raw bytes; express.json() loses them.
//
// require("node:http").createServer(async (req, res) => {
//   const chunks = [];
//   for await (const chunk of req) chunks.push(chunk);
//   const body = Buffer.concat(chunks);
//   const secret = process.env.FOURTHWALL_SECRET;
//   if (!secret || !verify(body, req.headers["x-fourthwall-hmac-sha256"], secret)) {
//     return res.writeHead(401).end();
//   }
//   const event = JSON.parse(body); // It may come again: remember event.id.
//   res.writeHead(200).end(); // Fourthwall takes nothing but 200 for received.
// }).listen(8080);
