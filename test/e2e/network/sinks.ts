// Servers that stand for the rest of the world: whatever host a page asks for is answered by them, and they write down
// that they were asked. HTTP and WebSocket on one port, STUN (or any datagram) on another.

import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What Chromium asks by itself, whatever the page: updates of its components, whether someone is signed in, what the
 * fields of a form may be (a hash of their ids), and the check-in of its push messages. These find no one here, so that
 * what the sinks see is the page's alone.
 */
const BROWSERS_OWN = [
  'update.googleapis.com',
  'accounts.google.com',
  'content-autofill.googleapis.com',
  'android.clients.google.com',
];

export interface Sinks {
  /** what came: `GET elsewhere.example/path`, `upgrade …`, `TLS host`, `connection`, `datagram` */
  seen: string[];
  /** port of the datagrams, on 127.0.0.1 */
  udpPort: number;
  /** makes a Chromium take every host but the page's own for these servers */
  chromiumArgs: string[];
  close(): Promise<void>;
}

export async function openSinks(): Promise<Sinks> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host}${request.url}`);
    response
      .writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' })
      .end('export {};');
  });
  server.on('connection', () => seen.push('connection')); // also one that says nothing
  server.on('upgrade', (request, socket) => {
    seen.push(`upgrade ${request.headers.host}${request.url}`);
    socket.destroy();
  });
  server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
    if (error.rawPacket?.[0] === 0x16) seen.push(`TLS ${serverName(error.rawPacket)}`);
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const udp = createSocket('udp4', () => seen.push('datagram'));
  await new Promise<void>((done) => udp.bind(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const rules = [
    'EXCLUDE localhost',
    'EXCLUDE 127.0.0.1',
    ...BROWSERS_OWN.map((host) => `MAP ${host} ~NOTFOUND`),
    `MAP * 127.0.0.1:${port}`,
  ];
  return {
    seen,
    udpPort: udp.address().port,
    chromiumArgs: [`--host-resolver-rules=${rules.join(', ')}`],
    close: () =>
      new Promise((done) => {
        udp.close();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** The host that a TLS client asks for (RFC 6066), so that a failure says which. */
function serverName(hello: Buffer): string {
  let at = 5 + 4 + 2 + 32; // record, handshake, version, random
  at += 1 + hello[at]; // session
  at += 2 + hello.readUInt16BE(at); // ciphers
  at += 1 + hello[at]; // compression
  for (at += 2; at + 4 < hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) === 0) return hello.toString('latin1', at + 9, at + 4 + hello.readUInt16BE(at + 2));
  }
  return 'without a name';
}
