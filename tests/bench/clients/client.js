// Node's clients: http.request and fetch. See README.md.
'use strict';
const fs = require('fs');
const http = require('http');

const [kind, url, count, bodyFile, hash, keep] = process.argv.slice(2);
const body = fs.readFileSync(bodyFile);
const method = body.length > 0 ? 'POST' : 'GET';
const headers = { 'X-Hash': hash };
if (keep !== '1') headers.Connection = 'close';
const agent = new http.Agent({ keepAlive: keep === '1' });

function withHttp() {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, method, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve([answer.statusCode, Buffer.concat(parts)]));
      answer.on('error', reject);
    });
    request.on('error', reject);
    if (body.length > 0) request.setHeader('Content-Length', body.length);
    request.end(body.length > 0 ? body : undefined);
  });
}

async function withFetch() {
  const answer = await fetch(url, { method, headers, body: body.length > 0 ? body : undefined });
  return [answer.status, Buffer.from(await answer.arrayBuffer())];
}

async function main() {
  const result = { latencies_us: [], failed: 0, changed: 0 };
  const call = kind === 'fetch' ? withFetch : withHttp;
  for (let i = 0; i < Number(count); ++i) {
    const begin = process.hrtime.bigint();
    try {
      const [status, received] = await call();
      if (status !== 200) ++result.failed;
      else if (!received.equals(body)) ++result.changed;
    } catch (error) {
      ++result.failed;
      console.error(error);
    }
    result.latencies_us.push(Number((process.hrtime.bigint() - begin) / 1000n));
  }
  console.log(JSON.stringify(result));
  agent.destroy();
}

main();
