/** Limits of the platform that a single request must keep. */
import { expect, test } from 'vitest'
import { hang } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { isOfClient } from '../support/fake-backend.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: ['a', 'b', 'c', 'd'].map((id) => ({ id, url: `${url}${id}/`, models: ['sd-v1'] })),
  DISPATCH: { attemptTimeoutMs: 200 },
}))

test('P12: a request never waits for more than two backends at a time, and asks three at most', async () => {
  let waiting = 0
  let most = 0
  on.backend.behaviour = (socket, request) => {
    // The pool's own decode, by which it finds out about a backend, is none of the request's.
    if (!isOfClient(request)) return hang(socket, request)
    waiting++
    socket.once('close', () => waiting--)
    // A connection that is given up for this one may end a moment after it has come.
    setTimeout(() => {
      most = Math.max(most, waiting)
    }, 100)
    hang(socket, request)
  }
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent(), {
    headers: { 'x-vae-deadline-ms': '10000' },
  })
  expect(await problemOf(response)).toMatchObject({ status: 504, code: 'deadline-exceeded' })
  const asked = on.backend.requests.filter(isOfClient).length
  expect(asked).toBeGreaterThan(1)
  expect(asked).toBeLessThanOrEqual(3)
  expect(most).toBeLessThanOrEqual(2)
})
