// Node's HTTP server with one of its clients. usage: node service.js http|fetch|cluster
//
// Configured by PORT, NEXT and BACKGROUND; the paths are those of blocking.py.
'use strict';
const cluster = require('cluster');
const fs = require('fs');
const http = require('http');
const net = require('net');

const how = process.argv[2];
const next = process.env.NEXT;
const WORKERS = 2; // processes of the cluster
const FEW = 4; // connections of the client that has too few
const many = new http.Agent({ keepAlive: true });
const few = new http.Agent({ keepAlive: true, maxSockets: FEW });

function getByHttp(url, agent) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => {
      response.resume();
      response.on('end', resolve);
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function getByFetch(url) {
  await (await fetch(url)).text();
}

const get = how === 'fetch' ? getByFetch : getByHttp;
const call = (token, query = '', agent = many) => get(`${next}/${token}${query}`, agent);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function sequential(token, calls) {
  for (let i = 0; i < calls; i++) await call(token);
}

// Jobs wait here for one of a few consumers, each a loop of its own.
const jobs = [];
const idle = [];

async function consume() {
  for (;;) {
    while (jobs.length === 0) await new Promise((resolve) => idle.push(resolve));
    const job = jobs.shift();
    await sequential(job.token, job.calls);
    job.done();
  }
}

// A connection that all requests share: each writes its own, replies come in the order of the requests.
class Pipeline {
  constructor({ hostname, port, host }) {
    this.host = host;
    this.waiting = [];
    this.text = '';
    this.socket = net.connect(port, hostname).setNoDelay();
    this.socket.on('data', (bytes) => this.read(bytes));
  }

  get(path) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`);
    });
  }

  read(bytes) {
    this.text += bytes.toString('latin1');
    for (;;) {
      const head = this.text.indexOf('\r\n\r\n') + 4;
      const length = /^content-length: (\d+)\r$/im.exec(this.text.slice(0, head));
      if (head < 4 || this.text.length < head + Number(length[1])) return;
      this.text = this.text.slice(head + Number(length[1]));
      this.waiting.shift()();
    }
  }
}

let shared = null; // made when the first request wants it

let polls = []; // what requests wait for that another one lets go on

function nextPost() {
  return new Promise((resolve) => {
    polls.push(resolve);
    setTimeout(resolve, 50);
  });
}

const shapes = {
  seq: sequential,
  par: (token, calls) => Promise.all(Array.from({ length: calls }, () => call(token))),
  async timer(token, calls) {
    for (let i = 0; i < calls; i++) {
      await sleep(1 + Math.random() * 3);
      await call(token);
    }
  },
  // libuv's own threads do the reading, between request and call.
  async pool(token, calls) {
    for (let i = 0; i < calls; i++) {
      await fs.promises.readFile(__filename);
      await call(token);
    }
  },
  queue(token, calls) {
    return new Promise((done) => {
      jobs.push({ token, calls, done });
      idle.shift()?.();
    });
  },
  async longpoll(token, calls) {
    await nextPost();
    await sequential(token, calls);
  },
  async post(token, calls) {
    for (const resolve of polls.splice(0)) resolve();
    await sequential(token, calls);
  },
  async forget(token, calls) {
    sequential(token, calls);
  },
  async retry(token, calls) {
    for (let i = 1; i < calls; i++) await call(token, '?fail=1');
    await call(token);
  },
  async saturated(token, calls) {
    for (let i = 0; i < calls; i++) await call(token, '', few);
  },
  async multiplexed(token, calls) {
    const following = new URL(next);
    shared ??= new Pipeline(following);
    for (let i = 0; i < calls; i++) await shared.get(`${following.pathname}/${token}`);
  },
  async reuse(token, calls) {
    for (let i = 0; i < calls; i++) await call(token, '?close=1');
  },
};

async function inTheBackground(name) {
  for (let number = 0; ; number++) {
    await call(`background-${process.pid}-${name}-${number}`);
    await sleep(10);
  }
}

async function handle(request, response) {
  const [, shape, calls, token] = request.url.split('/');
  try {
    await shapes[shape](token, Number(calls));
    response.end(request.url + '\n');
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error) + '\n');
  }
}

if (how === 'cluster' && cluster.isPrimary) {
  for (let i = 0; i < WORKERS; i++) cluster.fork();
} else {
  for (let i = 0; i < FEW; i++) consume();
  if (process.env.BACKGROUND === '1') for (const name of ['a', 'b']) inTheBackground(name);
  http.createServer(handle).listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 512 });
}
