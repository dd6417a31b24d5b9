// One event loop, and the ways in which it leaves a request's work and comes back to it. usage: node loops.js PORT LEAF_URL
//
// GET /HOW/TOKEN calls LEAF_URL/leaf/TOKEN as HOW says and answers with its own path.
'use strict';
const dns = require('dns');
const fs = require('fs');
const http = require('http');

const [port, leaf] = process.argv.slice(2);
const many = new http.Agent({ keepAlive: true });
const one = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(token, agent = many) {
  return new Promise((resolve, reject) => {
    http.get(`${leaf}/leaf/${token}`, { agent }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

let shared = null; // what several requests wait for
let waiting = []; // those that another request lets go on

const ways = {
  async chain(token) {
    for (let i = 0; i < 3; i++) await call(token);
  },
  async fetch(token) {
    for (let i = 0; i < 3; i++) await (await fetch(`${leaf}/leaf/${token}`)).text();
  },
  fan: (token) => Promise.all([call(token), call(token), call(token)]),
  async timer(token) {
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 3));
    await call(token);
  },
  async immediate(token) {
    await new Promise((resolve) => setImmediate(resolve));
    await call(token);
  },
  async dns(token) {
    await dns.promises.lookup('localhost');
    await call(token);
  },
  async file(token) {
    await fs.promises.readFile(__filename);
    await call(token);
  },
  async saturated(token) {
    for (let i = 0; i < 2; i++) await call(token, one);
  },
  async saturatedFan(token) {
    await Promise.all([call(token, one), call(token, one)]);
  },
  // The first of them calls, the others go on when it has its reply.
  async shared(token) {
    shared ??= call(token).finally(() => (shared = null));
    await shared;
    await call(token);
  },
  // Waits until another request comes, which then stays for a while.
  wait: () => new Promise((resolve) => waiting.push(resolve)),
  async release() {
    for (const resolve of waiting.splice(0)) resolve();
    await new Promise((resolve) => setTimeout(resolve, 200));
  },
  // The same, and calls before it answers.
  async waitAndCall(token) {
    await ways.wait();
    await call(token);
  },
  async releaseBehindReply(token) {
    await call(token);
    await ways.release();
  },
  // Has two calls under way at a time, and then waits until another request comes, with one of them not answered yet.
  async fanAndWait(token) {
    const open = http.request(`${leaf}/leaf/${token}`, { method: 'POST', agent: many });
    const answered = new Promise((resolve) => open.on('response', (response) => response.resume().on('end', resolve)));
    open.flushHeaders();
    await call(token);
    await ways.waitAndCall(token);
    open.end();
    await answered;
  },
  // Starts what is nobody's: it calls, waits until a request comes, and calls again.
  async job() {
    setTimeout(() => call('job').then(() => ways.waitAndCall('job')), 50);
  },
  // Calls every few milliseconds from then on, for nobody.
  async ticker() {
    setInterval(() => call('tick'), 2).unref();
  },
  // Neither waits nor calls.
  async nothing() {},
};

http.createServer(async (request, response) => {
  const [, how, token] = request.url.split('/');
  await ways[how](token);
  response.end(request.url + '\n');
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 512 });
