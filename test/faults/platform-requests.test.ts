/** Limits of the platform that a single request must keep. */
import { expect, test } from 'vitest'
import { hang } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: ['a', 'b', 'c', 'd'].map((id) => ({ id, url: `${url}${id}/`, models: ['sd-v1'] })),
  DISPATCH: { attemptTimeoutMs: 200 },
}))

test('P12: a request never waits for more than two backends at a time, and asks three at most', async () => {
  let waiting = 0
  let most = 0
  on.backend.behaviour = (socket, request) => {
    most = Math.max(most, ++waiting)
    socket.once('close', () => waiting--)
    hang(socket, request)
  }
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent())
  expect(await problemOf(response)).toMatchObject({ status: 504, code: 'deadline-exceeded' })
  expect(on.backend.requests.length).toBeGreaterThan(1)
  expect(on.backend.requests.length).toBeLessThanOrEqual(3)
  expect(most).toBeLessThanOrEqual(2)
})
