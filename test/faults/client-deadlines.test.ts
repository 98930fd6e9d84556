/** What a client says about how long it will wait, and what the gateway does about it. */
import { expect, test } from 'vitest'
import { hang } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({ BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'] }] }))

const ask = (deadline: string): Promise<Response> =>
  decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent(), {
    headers: { 'x-vae-deadline-ms': deadline },
  })

test.each(['1e9', '1.5', 'soon', '0x10', '', '1000, 2000', 'NaN'])(
  'C30: a deadline of "%s" is refused, and what is expected is said',
  async (deadline) => {
    const response = await ask(deadline)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ status: 400, code: 'invalid-header' })
    expect(problem.detail).toContain('x-vae-deadline-ms')
    expect(on.backend.requests).toHaveLength(0)
  },
)

test.each([
  ['0', 1_000],
  ['-1', 1_000],
  ['5000', 5_000],
  ['1000000000', 900_000],
  ['99999999999999999999', 900_000],
])('C30: a deadline of %s is taken as %i ms at most', async (deadline, ms) => {
  expect((await ask(deadline)).status).toBe(200)
  const told = Number(on.backend.requests[0]?.headers['x-vae-deadline-ms'])
  expect(told).toBeLessThanOrEqual(ms)
  expect(told).toBeGreaterThan(ms - 1_000)
})

test('C30: a request is given up when its deadline is over', async () => {
  on.backend.behaviour = hang
  const askedAt = performance.now()
  const response = await ask('1000')
  expect(await problemOf(response)).toMatchObject({ status: 504, code: 'deadline-exceeded' })
  expect(performance.now() - askedAt).toBeLessThan(2_000)
})
