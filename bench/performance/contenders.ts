/** Who is measured: the gateway, and what could stand in its place. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childrenOf } from '../../test/soak/process-stats.ts'
import { mintKey, startTestGateway } from '../../test/support/gateway.ts'
