// The pricing service: what an item costs. PORT says where it listens, WORK_MS how long an answer takes.
'use strict';
const http = require('http');

const port = Number(process.env.PORT ?? 8083);
const workMs = Number(process.env.WORK_MS ?? 8);

http
  .createServer((request, response) => {
    const item = request.url.slice(request.url.lastIndexOf('/') + 1);
    const answer = () => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ item, cents: 100 + item.length * 7 }));
    };
    if (workMs > 0) setTimeout(answer, workMs);
    else answer();
  })
  .listen({ port, host: '127.0.0.1', backlog: 512 });
