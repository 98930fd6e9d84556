/** Clients that leave, dawdle or send nonsense, as data. None of them may be noticed by any other. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { BrokenAnswer, decode, request } from './good-client.ts'
import { kindNamed, type LatentKind, makeLatent, pictureBytes, QUIET_KIND } from './latent.ts'
import { sendMalformed, sendRefused } from './malformed.ts'
import { openSocket, readAnswer, requestHead } from './raw-client.ts'
import { jobsIn } from './watch.ts'
import { BUSY_POOL, type World } from './world.ts'

export interface ClientFault {
  readonly name: string
  run(world: World, chance: Chance): Promise<void>
}

/** More than all slots of the pool, so that some of them wait. */
const CROWD = 18

/** Uploads that stall at a time: more than the budget of an isolate would hold, if it held what they declare. */
const STALLED = 16
const STALL_MS = 20_000

/** Several times what the attempt of a guess is given before another backend is asked for. */
const LONG_DECODE_MS = 8_000

/** Sends a request, or its beginning, and resets the connection once `until` resolves. */
async function leave(
  world: World,
  chance: Chance,
  kind: LatentKind,
  decodeMs: number,
  until: (socket: Socket) => Promise<unknown>,
  share = 1,
): Promise<void> {
  const requestId = world.nextRequestId()
  const latent = makeLatent(kind, world.canary, decodeMs)
  const socket = await openSocket(world.url)
  const gone = world.tally.enter()
  world.log.expect(requestId, 'leaves')
  socket.write(requestHead(kind, latent.length, chance.pick(world.keys), requestId))
  socket.write(latent.subarray(0, latent.length * share))
  await until(socket)
  socket.resetAndDestroy()
  gone()
}

export const CLIENT_FAULTS: readonly ClientFault[] = [
  {
    name: 'C1 leaves during its upload',
    run: (world, chance) => leave(world, chance, kindNamed('streamed'), 10, () => sleep(100), 0.6),
  },
  {
    name: 'C2 leaves the queue',
    async run(world, chance) {
      const kind = kindNamed('small')
      const crowd = Array.from({ length: CROWD }, () => leave(world, chance, kind, 400, () => sleep(200)))
      // A look in between, so that the report can say that there was a queue.
      await sleep(150)
      await jobsIn(world, BUSY_POOL)
      await Promise.all(crowd)
    },
  },
  {
    name: 'C3 leaves while its latent is decoded',
    run: (world, chance) => leave(world, chance, kindNamed('larger'), 800, () => sleep(250)),
  },
  {
    name: 'C4 leaves during its download',
    run: (world, chance) =>
      leave(world, chance, kindNamed('huge'), 10, (socket) =>
        Promise.race([once(socket, 'data'), once(socket, 'close'), sleep(20_000)]),
      ),
  },
  {
    name: 'C5 uploads slowly',
    run: (world, chance) =>
      request(
        world,
        orderOf('picture', world, chance),
        'slow upload',
        async ({ kind, key, requestId, latent }) => {
          const socket = await openSocket(world.url)
          const answer = readAnswer(socket)
          socket.write(requestHead(kind, latent.length, key, requestId))
          for (let at = 0; at < latent.length; at += 64) {
            socket.write(latent.subarray(at, at + 64))
            await sleep(60)
          }
          return answer
        },
      ),
  },
  {
    name: 'C7 downloads slowly',
    run: (world, chance) =>
      request(
        world,
        orderOf('streamed', world, chance),
        'slow download',
        async ({ kind, key, requestId, latent }) => {
          const socket = await openSocket(world.url)
          socket.write(requestHead(kind, latent.length, key, requestId))
          socket.write(latent)
          const answer = await readAnswer(socket, 40)
          const isShort = answer.status === 200 && answer.body.length < pictureBytes(kind)
          if (isShort) throw new BrokenAnswer(`after ${answer.body.length} bytes`)
          return answer
        },
      ),
  },
  {
    name: 'FB1 begins uploads and stalls',
    run: async (world, chance) => {
      const kind = kindNamed('huge')
      const stalled = Array.from({ length: STALLED }, () =>
        leave(
          world,
          chance,
          kind,
          10,
          (socket) => Promise.race([once(socket, 'close'), sleep(STALL_MS)]),
          1e-6,
        ),
      )
      await Promise.all(stalled)
    },
  },
  { name: 'FB7 is refused while it uploads', run: sendRefused },
  {
    name: 'FA2 a decode that takes far longer than those before',
    run: (world, chance) =>
      decode(world, { kind: kindNamed('larger'), key: chance.pick(world.keys), decodeMs: LONG_DECODE_MS }),
  },
  { name: 'C9-C31 sends nonsense', run: sendMalformed },
  {
    // The runtime ends an object after ten idle seconds. Miniflare's `unsafeEvictDurableObject` waits for that as well, and
    // blocks every other question to the gateway meanwhile. So nothing from outside kills an object that has leases and
    // a queue (P2); test/worker does it from inside.
    name: 'P1 comes back to an idle pool',
    async run(world, chance) {
      const order = { kind: QUIET_KIND, key: chance.pick(world.keys), decodeMs: 20 }
      await Promise.all([decode(world, order), decode(world, order), decode(world, order)])
    },
  },
]

const orderOf = (kind: string, { keys }: World, chance: Chance) => ({
  kind: kindNamed(kind),
  key: chance.pick(keys),
  decodeMs: 10,
})
