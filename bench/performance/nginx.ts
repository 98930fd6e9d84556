/** nginx as a reverse proxy, where it is installed: what a machine of one's own would have. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BackendAddress, Contender } from './contender.ts'
import { isInstalled, startDaemon } from './daemon.ts'

/** Requests are buffered, as they are unless one says otherwise; in memory, so that no disk is measured. */
const configuration = (port: number, backends: readonly BackendAddress[]): string => `
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
    zone backend 256k;
    least_conn;
    ${backends.map(({ host, port }) => `server ${host}:${port};`).join(' ')}
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_read_timeout 15m;
      proxy_set_header Connection "";
    }
  }
}
`

/** @returns undefined where there is no nginx */
export async function startNginx(backends: readonly BackendAddress[]): Promise<Contender | undefined> {
  if (!isInstalled('nginx')) return undefined
  return startDaemon('nginx', (port, folder) => {
    for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name))
    return {
      configuration: configuration(port, backends),
      args: (file) => ['-p', folder, '-c', file, '-e', 'stderr'],
    }
  })
}
