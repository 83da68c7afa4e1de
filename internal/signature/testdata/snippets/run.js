// Runs a snippet's function over the vectors of standard input.
const { verify } = require(process.argv[2]);

const vectors = JSON.parse(require("node:fs").readFileSync(0));
const results = vectors.map((v) => verify(Buffer.from(v.body, "base64"), v.signature, v.secret));
console.log(JSON.stringify(results));
