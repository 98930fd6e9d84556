/** nginx as a reverse proxy, where it is installed: what a machine of one's own would have. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/soak/inspector.ts'
import type { BackendAddress, Contender } from './contender.ts'
import { familyOf } from './process.ts'

const isInstalled = (): boolean => spawnSync('nginx', ['-v']).error === undefined

/** Requests are buffered, as they are unless one says otherwise; in memory, so that no disk is measured. */
const configuration = (port: number, backend: BackendAddress): string => `
worker_processes 2;
error_log stderr crit;
pid nginx.pid;
daemon off;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 0;
  client_body_buffer_size 8m;
  proxy_max_temp_file_size 0;
  keepalive_requests 1000000000;
  upstream backend {
    server ${backend.host}:${backend.port};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen ${backend.host}:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`

/** @returns undefined where there is no nginx */
export async function startNginx(backend: BackendAddress): Promise<Contender | undefined> {
  if (!isInstalled()) return undefined
  const { host } = backend
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-nginx-'))
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name))
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(port, backend))
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await listening(child, host, port)
  return {
    name: 'nginx',
    host,
    port,
    key: 'none',
    pids: familyOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const TRIES = 200
const TRY_AGAIN_MS = 20

async function listening(child: ChildProcess, host: string, port: number): Promise<void> {
  for (let tries = 0; tries < TRIES && child.exitCode === null; tries++) {
    const socket = connect(port, host)
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
  }
  throw new Error('nginx does not listen.')
}
