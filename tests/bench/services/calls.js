// Makes one call for each request, on a connection that is kept, and answers with what came. usage: node calls.js PORT URL
'use strict';
const http = require('http');

const [port, url] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });

http.createServer((request, response) => {
  http.get(url, { agent }, (reply) => reply.pipe(response));
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 512 });
